/** The most that a timer of Node takes; a longer one would end at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** A signal that is aborted after so many milliseconds, which may be a fraction, or `Infinity` for weeks. */
export function timeIsUp(ms: number): AbortSignal {
  return AbortSignal.timeout(Math.ceil(Math.min(Math.max(ms, 0), LONGEST_MS)));
}
