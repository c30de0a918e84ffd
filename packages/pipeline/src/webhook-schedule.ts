/** A tenth of each gap, up or down, so that those who failed together do not come back together. */
const JITTER = 0.1;

/**
 * When a webhook is tried again.
 *
 * @param tries how many attempts have failed so far, from 1
 * @param gapsMs the gap after each failed attempt, the first after the first
 * @param retryAfterMs what the receiver asked for; never more than the largest gap is given
 * @returns milliseconds from now; null when the schedule is used up
 */
export function nextDeliveryMs(
  tries: number,
  gapsMs: readonly number[],
  retryAfterMs: number | undefined,
  random: () => number,
): number | null {
  const gapMs = gapsMs[tries - 1];
  if (gapMs === undefined) return null;
  const jitteredMs = gapMs * (1 + JITTER * (2 * random() - 1));
  return Math.max(jitteredMs, Math.min(retryAfterMs ?? 0, Math.max(...gapsMs)));
}
