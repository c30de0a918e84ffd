import { Failure } from "./failure.ts";
import { newsOf } from "./news.ts";
import type { Outcome } from "./outcome.ts";
import { lookAt, type PollPorts } from "./poll.ts";
import type { Reading } from "./records.ts";
import type { StageJob } from "./stage-job.ts";
import { extraAttempts, type VideoRecord } from "./video-record.ts";
import { stageOf, summarize, type WakeUp } from "./wake-up.ts";

/** An adoption that the provider could not be asked about is tried again after this; a person waits for it. */
const ASK_AGAIN_MS = 15_000;

/**
 * The poll stage's other errand: what runs beside the video. A task that a person named is bound only once the provider
 * knows it; a task that was one charge too many is looked at until it ends, so that its place is free again and its result
 * can still serve if the newer one fails. The sweep calls again for as long as there is something to watch.
 */
export async function watch(job: StageJob, ports: PollPorts): Promise<Outcome> {
  const reading = await ports.records.read(job.videoId);
  if (!reading) return { kind: "advance", log: "no such video: nothing to watch" };
  const said: string[] = [];
  const next: WakeUp[] = [];
  if (reading.record.adoption) {
    const answer = await askForAdoption(reading, reading.record.adoption, ports, job.signal);
    if (answer === null)
      return { kind: "wait", log: "the provider could not be asked", delayMs: ASK_AGAIN_MS };
    said.push(answer.log);
    next.push(...answer.next);
  }
  for (const attempt of extraAttempts(reading.record)) {
    if (!attempt.taskId) continue;
    const look = await lookAt(attempt.taskId, reading, attempt, ports, job.signal);
    if (!look) return { kind: "wait", log: "stopped before the answer came", delayMs: 0 };
    await ports.records.recordLook({ videoId: job.videoId, ...attempt }, attempt.taskId, look.fact);
    said.push(`extra charge, attempt ${attempt.number}: ${look.log}`);
  }
  return { kind: "advance", log: said.join("; ") || "nothing to watch", next };
}

async function askForAdoption(
  { record, order }: Reading,
  { taskId, by }: NonNullable<VideoRecord["adoption"]>,
  ports: PollPorts,
  signal: AbortSignal,
): Promise<{ log: string; next: WakeUp[] } | null> {
  const account = record.attempts.findLast(({ state }) => state === "unknown")?.account ?? record.account;
  try {
    const report = await ports.provider(account ?? "").statusTask(taskId, { signal });
    if (report.state === "unknown") {
      const why = "the provider does not know this task";
      await ports.records.refuseAdoption(record.id, taskId, why);
      return { log: `${taskId} was not adopted: ${why}`, next: [] };
    }
  } catch (error) {
    if (signal.aborted || error instanceof Failure) return null;
    throw error;
  }
  const standing = await ports.records.adopt(record.id, taskId, by);
  const stage = stageOf(standing.phase);
  const about = summarize(order, taskId);
  return {
    log: `${taskId}: ${standing.result}`,
    next: [
      ...(standing.result === "adopted" && stage
        ? [{ stage, videoId: record.id, rev: standing.wake, delayMs: 0, about }]
        : []),
      ...newsOf(record.id, standing, order),
    ],
  };
}
