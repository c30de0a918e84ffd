/**
 * Exponential backoff with jitter: doubles per try from `minMs`, never above `maxMs`, and the last half is random
 * so that those refused together do not come back together.
 *
 * @param tries how many tries have failed so far, from 1
 * @returns milliseconds
 */
export function retryDelayMs(
  tries: number,
  { minMs, maxMs }: { minMs: number; maxMs: number },
  random: () => number,
): number {
  const full = Math.min(maxMs, minMs * 2 ** Math.min(Math.max(tries, 1) - 1, 30));
  return full / 2 + (full / 2) * random();
}
