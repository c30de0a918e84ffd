import type { Outcome } from "./outcome.ts";
import type { Records, Reading } from "./records.ts";
import type { Phase } from "./phase.ts";
import type { Errand } from "./wake-up.ts";

/** What a stage gets of its job. */
export type StageJob = {
  videoId: string;
  rev: number;
  errand: Errand;
  /** In notify: which of the video's deliveries, by its number. */
  delivery?: number;
  /** Aborted when the process drains or another worker has taken the job over. */
  signal: AbortSignal;
};

/** Reads the record if this job is still the one that should act on it; otherwise says why it has nothing to do. */
export async function readForStage(
  job: StageJob,
  records: Records,
  phase: Phase,
): Promise<{ reading: Reading } | { outcome: Outcome }> {
  const reading = await records.read(job.videoId);
  if (!reading) return { outcome: { kind: "advance", log: "no such video: nothing to do" } };
  const { record } = reading;
  if (record.phase !== phase)
    return { outcome: { kind: "advance", log: `video is ${record.phase}: nothing to do` } };
  if (job.rev < record.wake)
    return { outcome: { kind: "advance", log: `a newer job (rev ${record.wake}) has this video` } };
  return { reading };
}
