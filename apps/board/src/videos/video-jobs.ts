import type { LedgerEvent } from "@rushes/ledger";
import { jobId, STAGES, type Delivery, type Stage, type VideoRecord } from "@rushes/pipeline";
import type { WakeQueues } from "@rushes/queue";

export type VideoJob = { stage: Stage; id: string; state: string };

/** A video that was moved more often than this is shown the newest jobs of. */
const MOST_REVS = 20;

/**
 * The jobs of a video that still exist. A job's id carries the `rev` of the change that made it, so the ids are known from
 * the record's events, and no queue is searched.
 */
export async function findJobs(
  queues: WakeQueues["queues"],
  record: VideoRecord,
  events: readonly LedgerEvent[],
  deliveries: readonly Delivery[],
): Promise<VideoJob[]> {
  const revs = [...new Set([...events.map(({ rev }) => rev), record.wake, record.rev])]
    .toSorted((a, b) => b - a)
    .slice(0, MOST_REVS);
  const asked: { stage: Stage; id: string }[] = [];
  for (const rev of revs)
    for (const stage of STAGES)
      if (stage !== "notify") asked.push({ stage, id: jobId({ stage, videoId: record.id, rev }) });
  for (const { wake: rev } of deliveries.slice(-MOST_REVS))
    asked.push({ stage: "notify", id: jobId({ stage: "notify", videoId: record.id, rev }) });
  const states = await Promise.all(asked.map(({ stage, id }) => queues[stage].getJobState(id)));
  return asked.flatMap((job, index) => {
    const state = states[index];
    return state === undefined || state === "unknown" ? [] : [{ ...job, state }];
  });
}
