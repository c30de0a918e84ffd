const SECONDS = /^\d{1,9}(\.\d+)?$/;
/** `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that RFC 9110 lets servers send. */
const HTTP_DATE = /^[A-Za-z]{3}, \d{2} [A-Za-z]{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Reads a `Retry-After` header (seconds, or an HTTP date) as milliseconds from now, never negative. A date is
 * measured against the `Date` header of the same answer where there is one, because the other side's clock is
 * not ours. Anything else gives `undefined`.
 */
export function parseRetryAfterMs(
  value: string | undefined,
  clock: { date?: string | undefined; nowMs: number },
): number | undefined {
  const text = value?.trim() ?? "";
  if (SECONDS.test(text)) return Math.ceil(Number(text) * 1000);
  const atMs = parseHttpDateMs(text);
  if (atMs === undefined) return undefined;
  return Math.max(0, atMs - (parseHttpDateMs(clock.date?.trim() ?? "") ?? clock.nowMs));
}

/** `Date.parse` alone would read "5" as a day in May 2001. */
function parseHttpDateMs(text: string): number | undefined {
  if (!HTTP_DATE.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
