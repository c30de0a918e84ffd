import { chargesOf, isFinal, MOST_CHARGES, type VideoRecord } from "@rushes/pipeline";

export const VERBS = ["poll", "rearchive", "adopt", "release", "write-off", "cancel", "order-again"] as const;
export type Verb = (typeof VERBS)[number];

/** What costs money or cannot be taken back is asked about once more. */
export const CONFIRMED: readonly Verb[] = ["release", "write-off", "cancel", "order-again"];

/**
 * The verbs that make sense for a record as it is. Only what is shown depends on this: whether a verb is taken is decided
 * by its script, on the record as it is then.
 */
export function offeredVerbs(record: VideoRecord): readonly Verb[] {
  const { phase, attempts, current } = record;
  const hasUnknown = attempts.some(({ state }) => state === "unknown");
  const hasLostResult = attempts[current - 1]?.state === "result_gone";
  const offers: Record<Verb, boolean> = {
    poll: phase === "generating",
    rearchive: phase === "completed" || (phase === "failed" && hasLostResult),
    adopt: phase === "unconfirmed" || (hasUnknown && ["queued", "failed", "cancelled"].includes(phase)),
    release: phase === "unconfirmed" && chargesOf(record) < MOST_CHARGES,
    "write-off": phase === "unconfirmed",
    cancel: phase === "queued",
    "order-again": isFinal(phase),
  };
  return VERBS.filter((verb) => offers[verb]);
}

/** What a release must allow in all so that one more charge is possible: the person's consent to pay once more. */
export function chargesAfterRelease(record: VideoRecord): number {
  return Math.max(record.maxCharges, chargesOf(record) + 1);
}
