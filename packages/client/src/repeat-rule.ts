import type { RushesError } from "./rushes-error.ts";

/** What passes: the api or its Redis is away, or asks to slow down. 500 is the api's own word for "repeat it". */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

const FIRST_GAP_MS = 250;
const LARGEST_GAP_MS = 8_000;
/** Whoever is asked to stay away for longer is told so, instead of being kept waiting without a word. */
const LONGEST_REST_MS = 65_000;

/** Whether the same request may have another answer soon. */
export function isPassing({ status, code }: RushesError): boolean {
  return status === null ? code === "unreachable" || code === "timeout" : PASSING.has(status);
}

/**
 * How long to wait before a request is repeated.
 *
 * @param failed how many attempts have failed so far, from 1
 * @param random 0 up to 1, so that those who failed together do not come back together
 * @returns milliseconds; null when it should not be repeated
 */
export function repeatAfterMs(
  error: RushesError,
  failed: number,
  maxAttempts: number,
  random: () => number,
): number | null {
  if (!isPassing(error) || failed >= maxAttempts) return null;
  const restMs = error.retryAfterMs ?? 0;
  if (restMs > LONGEST_REST_MS) return null;
  const gapMs = Math.min(LARGEST_GAP_MS, FIRST_GAP_MS * 2 ** (failed - 1));
  return Math.max(restMs, gapMs * (0.5 + random() / 2));
}
