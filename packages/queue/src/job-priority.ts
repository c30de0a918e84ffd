/** BullMQ's range is 1 to this; 0 goes before all of them. The lower number goes first. */
const LEAST_URGENT = 2 ** 21 - 1;
/** With steps this long the range reaches from the first day below to the year 2045. */
const STEP_MS = 300_000;
const FIRST_MS = Date.UTC(2026, 0, 1);

/**
 * Where a job stands among those that wait: the older the result, the sooner it is gone, and the sooner its turn. Within one
 * step BullMQ keeps them in their order. A job keeps this when it waits for a time and comes back.
 */
export function jobPriority(resultSinceMs: number | undefined): number {
  if (resultSinceMs === undefined) return 0;
  const step = 1 + Math.floor((resultSinceMs - FIRST_MS) / STEP_MS);
  return Math.min(LEAST_URGENT, Math.max(1, step));
}
