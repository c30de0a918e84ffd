import { Failure } from "./failure.ts";
import { manifestOf, type Manifest } from "./manifest.ts";
import { withNews } from "./news.ts";
import type { Origin } from "./order.ts";
import type { Outcome } from "./outcome.ts";
import type { Provider } from "./provider.ts";
import type { ArchiveFact, Problem, Reading, Records, Standing } from "./records.ts";
import { retryDelayMs } from "./retry-delay.ts";
import { readForStage, type StageJob } from "./stage-job.ts";
import { currentAttempt, type Attempt, type StoredFile } from "./video-record.ts";
import { summarize } from "./wake-up.ts";

/** One result file and where it belongs. */
export type ResultFile = {
  url: string;
  videoId: string;
  /** The provider's id; kept as metadata of the object. */
  taskId: string;
  mode: string;
  /** When the video was ordered; its UTC day is part of the key. */
  createdAtMs: number;
  /** Which of the video's files, counted from 0, and how many there are. */
  index: number;
  count: number;
  /** Where the video was ordered; kept as metadata of the object. */
  origin?: Origin;
};

export type ArchivePorts = {
  records: Records;
  provider(account: string): Provider;
  /**
   * Brings one file into the bucket: copies a result and verifies it, or writes the manifest. Safe to repeat. Throws
   * `Failure`.
   */
  store(file: ResultFile | Manifest, signal: AbortSignal): Promise<StoredFile>;
  /** Called from the moment on when a result should long have been copied (`resultPlanMs`). */
  alert(message: string): void;
  settings: { resultPlanMs: number; resultLifeMs: number; retryMinMs: number; lateEveryMaxMs: number };
  random: () => number;
};

/**
 * Copies the files of a finished task into the bucket. Whatever fails is tried again with growing gaps, with fresh
 * URLs from the provider where the old ones stopped working, until the life of the result is over: a paid video is
 * never dropped for a bad connection, and never generated again.
 */
export async function archive(job: StageJob, ports: ArchivePorts): Promise<Outcome> {
  const read = await readForStage(job, ports.records, "archiving");
  if ("outcome" in read) return read.outcome;
  const attempt = currentAttempt(read.reading.record);
  if (!attempt?.taskId)
    return { kind: "give-up", reason: "an archiving video without a task: please report this" };

  const made = { ...attempt, taskId: attempt.taskId };
  const fact = await copyAll(read.reading, made, ports, job.signal);
  if (!fact) return { kind: "wait", log: "stopped before the copy was whole", delayMs: 0 };
  const key = { videoId: job.videoId, ...attempt };
  const standing = await ports.records.recordArchive(key, made.taskId, fact);
  return withNews(follow(job, read.reading, fact, standing), job.videoId, standing, read.reading.order);
}

function follow(job: StageJob, { order }: Reading, fact: ArchiveFact, standing: Standing): Outcome {
  switch (fact.result) {
    case "stored":
      return {
        kind: "advance",
        log: `stored: ${fact.output.map((file) => file.url).join(", ")}`,
      };
    case "gone":
      if (standing.phase !== "generating" || standing.result !== "moved") {
        return { kind: "give-up", reason: fact.problem.message };
      }
      return {
        kind: "advance",
        log: `${fact.problem.message} The video follows another attempt.`,
        next: [
          {
            stage: "poll",
            videoId: job.videoId,
            rev: standing.wake,
            delayMs: 0,
            about: summarize(order),
          },
        ],
      };
    case "again":
      if (standing.phase !== "archiving" || standing.wake > job.rev) {
        return { kind: "advance", log: `${fact.problem.message}; the video is ${standing.phase}` };
      }
      return { kind: "wait", log: `${fact.problem.code}: ${fact.problem.message}`, delayMs: fact.againMs };
  }
}

async function copyAll(
  reading: Reading,
  attempt: Attempt & { taskId: string },
  ports: ArchivePorts,
  signal: AbortSignal,
): Promise<ArchiveFact | null> {
  const { record, nowMs } = reading;
  const { taskId } = attempt;
  try {
    const output: StoredFile[] = [];
    for (const file of resultFiles(reading, taskId, attempt.resultUrls))
      output.push(await ports.store(file, signal));
    // Last, because it names them: a video is completed only once its bucket explains it.
    const manifest = await ports.store(manifestOf(reading, attempt, output), signal);
    return { result: "stored", output, manifest };
  } catch (error) {
    if (signal.aborted) return null;
    if (!(error instanceof Failure)) throw error;
    const problem: Problem = { code: error.code, class: error.class, message: error.message };
    const ageMs = nowMs - (record.archivingMs ?? nowMs);
    // The bucket's and the disk's troubles are ours to mend, for as long as it takes; only the result's host can
    // let a file expire.
    const isOurs = !error.code.startsWith("result_");
    if (ageMs >= ports.settings.resultPlanMs) {
      ports.alert(
        `${record.id}: its result is not archived after ${Math.round(ageMs / 1000)} s: ${error.message}`,
      );
    }
    if (!isOurs && ageMs >= ports.settings.resultLifeMs) {
      return {
        result: "gone",
        problem: {
          code: "result_expired",
          class: "archive",
          message: `The result could not be fetched: ${error.message}`,
        },
      };
    }
    const { retryMinMs, lateEveryMaxMs } = ports.settings;
    const againMs = retryDelayMs(
      record.archiveTries + 1,
      { minMs: retryMinMs, maxMs: lateEveryMaxMs },
      ports.random,
    );
    const fresh = isOurs ? undefined : await freshUrls(attempt, taskId, ports, signal);
    return { result: "again", problem, againMs, ...(fresh ? { resultUrls: fresh } : {}) };
  }
}

/** The files of a task, in the order in which it names them. */
export function resultFiles(
  { record, order }: Reading,
  taskId: string,
  urls: readonly string[],
): readonly ResultFile[] {
  return urls.map((url, index) => ({
    url,
    videoId: record.id,
    taskId,
    mode: record.mode,
    createdAtMs: record.createdMs,
    index,
    count: urls.length,
    ...(order.origin ? { origin: order.origin } : {}),
  }));
}

/** The provider may name the result anew; if it does not, the old URLs are as good as any. */
async function freshUrls(
  attempt: Attempt,
  taskId: string,
  ports: ArchivePorts,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  try {
    const report = await ports.provider(attempt.account).statusTask(taskId, { signal });
    return report.state === "succeeded" && report.resultUrls.length > 0 ? report.resultUrls : undefined;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
