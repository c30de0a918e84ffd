/** The stages of a video, each with a queue of its own. */
export const STAGES = ["submit", "poll", "archive", "notify"] as const;
export type Stage = (typeof STAGES)[number];

/**
 * A nudge: "look at this video". Losing, doubling or deleting one is harmless, for the record alone says what is
 * to be done. `rev` is the record's counter at the time; a job with an older one than the record's is stale.
 */
export type WakeUp = {
  stage: Stage;
  videoId: string;
  rev: number;
  /** Milliseconds from now; 0 at once. */
  delayMs: number;
};

/** BullMQ silently drops an id that still exists, so each transition and each wake of the sweep has its own. */
export function jobId(wakeUp: Pick<WakeUp, "stage" | "videoId" | "rev">): string {
  return `${wakeUp.videoId}.${wakeUp.stage}.${wakeUp.rev}`;
}
