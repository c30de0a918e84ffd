/** A `Retry-After` header (RFC 9110, 10.2.3) in milliseconds from `nowMs`; null for none, nonsense and the past. */
export function retryAfterMs(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const ms = /^\s*\d{1,9}\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return ms > 0 ? ms : null;
}
