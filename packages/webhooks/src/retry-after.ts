/**
 * A `Retry-After` header (RFC 9110, 10.2.3): seconds or a date.
 *
 * @returns milliseconds from `nowMs`; undefined for what cannot be read or lies in the past
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return ms > 0 ? ms : undefined;
}
