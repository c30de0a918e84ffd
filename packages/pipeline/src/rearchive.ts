import { resultFiles, type ArchivePorts } from "./archive.ts";
import { Failure } from "./failure.ts";
import { manifestOf } from "./manifest.ts";
import { withNews } from "./news.ts";
import type { Outcome } from "./outcome.ts";
import type { Reading, RearchiveFact } from "./records.ts";
import { retryDelayMs } from "./retry-delay.ts";
import type { StageJob } from "./stage-job.ts";
import { currentAttempt, type Attempt, type StoredFile } from "./video-record.ts";

export type RearchivePorts = Pick<ArchivePorts, "records" | "provider" | "store" | "random"> & {
  /** Reads what is stored and compares it with what is recorded. Throws `Failure`. */
  compare(file: StoredFile, signal: AbortSignal): Promise<"same" | "missing" | "different">;
  /** Called when the provider's file is another one now than was recorded. */
  alert(message: string): void;
  settings: { retryMinMs: number; retryMaxMs: number };
};

/** A person waits, and can ask again: with the usual gaps (1 s, doubling) these are over after half a minute. */
const MOST_TRIES = 6;

/**
 * The archive stage's other errand: a person wants the files of a video in the bucket again, because they were lost or
 * damaged there, or because the video failed while the bucket could not be reached. What is whole stays as it is; the rest
 * is fetched from the provider, by the rules that hold for every file: never overwriting, never generated again. Until
 * everything is stored the record does not move, and if it cannot be done it stays as it was.
 */
export async function rearchive(job: StageJob, ports: RearchivePorts): Promise<Outcome> {
  const reading = await ports.records.read(job.videoId);
  if (!reading) return { kind: "advance", log: "no such video: nothing to do" };
  const { record, order } = reading;
  if (!record.rearchive) return { kind: "advance", log: "nobody wants its files again: nothing to do" };
  const attempt = currentAttempt(record);
  if (!attempt?.taskId)
    return { kind: "give-up", reason: "files wanted again of a video without a task: please report this" };
  const made = { ...attempt, taskId: attempt.taskId };

  const fact = await tryAgain(reading, made, ports, job.signal);
  if (!fact) return { kind: "wait", log: "stopped before the copy was whole", delayMs: 0 };
  const key = { videoId: job.videoId, ...made };
  const standing = await ports.records.recordRearchive(key, made.taskId, fact);
  if (fact.result === "again" && standing.result === "again") {
    const { retryMinMs: minMs, retryMaxMs: maxMs } = ports.settings;
    const delayMs = retryDelayMs(record.rearchive.tries + 1, { minMs, maxMs }, ports.random);
    return { kind: "wait", log: "not yet", delayMs };
  }
  const said = fact.result === "refused" ? `refused: ${fact.why}` : standing.result;
  return withNews({ kind: "advance", log: `archived again: ${said}` }, job.videoId, standing, order);
}

async function tryAgain(
  reading: Reading,
  attempt: Attempt & { taskId: string },
  ports: RearchivePorts,
  signal: AbortSignal,
): Promise<RearchiveFact | null> {
  // The script that records it looks at this too; here it only keeps a request out of date from being worked on.
  const { phase } = reading.record;
  if (phase !== "completed" && phase !== "failed")
    return { result: "refused", why: "the video has moved on" };
  try {
    const output = await wholeOutput(reading, attempt, ports, signal);
    if (typeof output === "string") return { result: "refused", why: output };
    const manifest = await ports.store(manifestOf(reading, attempt, output), signal);
    return { result: "stored", output, manifest };
  } catch (error) {
    if (signal.aborted) return null;
    if (!(error instanceof Failure)) throw error;
    const triesAreOver = (reading.record.rearchive?.tries ?? 0) + 1 >= MOST_TRIES;
    const needsPerson = error.kind === "misconfigured" || error.kind === "refused" || isGone(error);
    return needsPerson || triesAreOver ? { result: "refused", why: error.message } : { result: "again" };
  }
}

/** The files, all of them in the bucket now; in words why that cannot be. */
async function wholeOutput(
  reading: Reading,
  attempt: Attempt & { taskId: string },
  ports: RearchivePorts,
  signal: AbortSignal,
): Promise<readonly StoredFile[] | string> {
  const { record } = reading;
  const kept: (StoredFile | null)[] = [];
  for (const file of record.output) kept.push((await ports.compare(file, signal)) === "same" ? file : null);
  if (kept.length > 0 && !kept.includes(null)) return record.output;

  const report = await ports.provider(attempt.account).statusTask(attempt.taskId, { signal });
  const urls = report.state === "succeeded" ? report.resultUrls : [];
  const wanted = Math.max(record.output.length, 1);
  if (urls.length < wanted)
    return `the provider names ${urls.length} of ${wanted} files (its word for the task: ${report.state})`;

  const output: StoredFile[] = [];
  for (const file of resultFiles(reading, attempt.taskId, urls)) {
    const was = record.output[file.index];
    const stored = kept[file.index] ?? (await ports.store(file, signal));
    output.push(stored);
    if (was && was.sha256 !== stored.sha256) {
      ports.alert(
        `${record.id}: archived again, file ${file.index + 1} has other bytes than were recorded (${was.key})`,
      );
    }
  }
  return output;
}

/** The host says that the file is no longer there. */
function isGone({ code, httpStatus }: Failure): boolean {
  return code === "result_unreachable" && (httpStatus === 403 || httpStatus === 404 || httpStatus === 410);
}
