import { Failure } from "./failure.ts";
import { withNews } from "./news.ts";
import type { Outcome } from "./outcome.ts";
import { isLate, nextLookMs, type PollSettings } from "./poll-schedule.ts";
import type { Provider } from "./provider.ts";
import type { LookFact, Reading, Records, Standing } from "./records.ts";
import { retryDelayMs } from "./retry-delay.ts";
import { readForStage, type StageJob } from "./stage-job.ts";
import { currentAttempt, type Attempt, resultSinceMs } from "./video-record.ts";
import { summarize } from "./wake-up.ts";

export type PollPorts = {
  records: Records;
  provider(account: string): Provider;
  settings: PollSettings & { resultLifeMs: number; retryMinMs: number; retryMaxMs: number };
  random: () => number;
  /** Slows looks down where the provider has refused some. Absent: as the schedule says. */
  pace?: {
    lookDelayMs(account: string, gapMs: number): number;
    noteLookRefused(account: string, retryAfterMs: number | undefined): Promise<void>;
  };
};

/**
 * One look at a running task. No answer to `statusTask` ever fails a video by itself: errors, a task the provider
 * does not know (yet), a success without files only slow the looks, until the life of any result is over.
 */
export async function poll(job: StageJob, ports: PollPorts): Promise<Outcome> {
  const read = await readForStage(job, ports.records, "generating");
  if ("outcome" in read) return read.outcome;
  const attempt = currentAttempt(read.reading.record);
  if (!attempt?.taskId)
    return { kind: "give-up", reason: "a generating video without a task: please report this" };

  const look = await lookAt(attempt.taskId, read.reading, attempt, ports, job.signal);
  if (!look) return { kind: "wait", log: "stopped before the answer came", delayMs: 0 };
  const key = { videoId: job.videoId, ...attempt };
  const standing = await ports.records.recordLook(key, attempt.taskId, look.fact);
  const outcome = follow(job, read.reading, attempt.taskId, look, standing);
  return withNews(outcome, job.videoId, standing, read.reading.order);
}

/** Never a failed look: only the end of a result's life says this. */
function lost(code: string, message: string): Look {
  return { fact: { report: "lost", problem: { code, class: "provider_fault", message } }, log: message };
}

type Look = { fact: LookFact; log: string };

/** Asks for one task and says what that means for the attempt; null = stopped before the answer came. */
export async function lookAt(
  taskId: string,
  { record, nowMs }: Reading,
  attempt: Attempt,
  ports: PollPorts,
  signal: AbortSignal,
): Promise<Look | null> {
  const { settings, random } = ports;
  const sinceAcceptedMs = nowMs - (attempt.acceptedMs ?? nowMs);
  const resultIsOver = sinceAcceptedMs >= settings.resultLifeMs;

  const running = (providerState: string, log: string, failed: boolean): Look => {
    const looksFailed = failed ? record.looksFailed + 1 : 0;
    const plannedMs = nextLookMs(
      { duration: record.duration, sinceAcceptedMs, looksFailed },
      settings,
      random,
    );
    const gapMs = ports.pace?.lookDelayMs(attempt.account, plannedMs) ?? plannedMs;
    const late = isLate(sinceAcceptedMs, settings);
    return { fact: { report: "running", providerState, nextLookMs: gapMs, late, looksFailed }, log };
  };

  try {
    const report = await ports.provider(attempt.account).statusTask(taskId, { signal });
    switch (report.state) {
      case "running":
        if (resultIsOver)
          return lost("task_lost", "The task never ended while its result could still exist.");
        return running(report.providerState, `task is ${report.providerState}`, false);
      case "unknown":
        if (resultIsOver) return lost("task_lost", "The provider does not know the task (any more).");
        // Right after the submit this is normal, so it slows the looks only once the task is late.
        return running(
          report.providerState,
          "provider does not know the task yet",
          isLate(sinceAcceptedMs, settings),
        );
      case "succeeded":
        if (report.resultUrls.length > 0) {
          return { fact: { report: "succeeded", resultUrls: report.resultUrls }, log: "task succeeded" };
        }
        if (resultIsOver) return lost("result_missing", "The task succeeded, but never named a result file.");
        return running("success", "task succeeded without a result file, looking again", true);
      case "failed":
        return {
          fact: {
            report: "failed",
            problem: { code: report.code, class: report.class, message: report.message },
            mayRetry: report.class === "provider_capacity",
            backoffMs: retryDelayMs(
              record.attempts.length,
              { minMs: settings.retryMinMs, maxMs: settings.retryMaxMs },
              random,
            ),
          },
          log: `task failed: ${report.code}`,
        };
    }
  } catch (error) {
    if (signal.aborted) return null;
    if (!(error instanceof Failure)) throw error;
    if (resultIsOver) return lost("task_lost", `The task could not be looked at any more: ${error.message}`);
    const isThrottled = error.kind === "throttled";
    // The account's looks are slowed all together, so this one need not be slowed besides.
    if (isThrottled) await ports.pace?.noteLookRefused(attempt.account, error.retryAfterMs);
    return running("", `look failed: ${error.code}: ${error.message}`, !isThrottled || !ports.pace);
  }
}

function follow(
  job: StageJob,
  { order, record, nowMs }: Reading,
  taskId: string,
  look: Look,
  standing: Standing,
): Outcome {
  const { videoId } = job;
  switch (standing.phase) {
    case "generating": {
      if (standing.result === "moved") {
        const about = summarize(order);
        return {
          kind: "advance",
          log: `${look.log}; the video follows another attempt`,
          next: [{ stage: "poll", videoId, rev: standing.wake, delayMs: 0, about }],
        };
      }
      if (standing.wake > job.rev) return { kind: "advance", log: `${look.log}; a newer job goes on` };
      if (look.fact.report !== "running") return { kind: "wait", log: "the task was bound anew", delayMs: 0 };
      return { kind: "wait", log: look.log, delayMs: look.fact.nextLookMs };
    }
    case "archiving":
      return {
        kind: "advance",
        log: look.log,
        next: [
          {
            stage: "archive",
            videoId,
            rev: standing.wake,
            delayMs: 0,
            // A task that ended while the video followed another one has a result that is older than this look.
            resultSinceMs: resultSinceMs(record) ?? nowMs,
            about: summarize(order, taskId),
          },
        ],
      };
    case "queued": {
      const delayMs = look.fact.report === "failed" ? look.fact.backoffMs : 0;
      return {
        kind: "advance",
        log: `${look.log}; a new charge is allowed`,
        next: [{ stage: "submit", videoId, rev: standing.wake, delayMs, about: summarize(order) }],
      };
    }
    case "failed":
      return { kind: "give-up", reason: look.log };
    case "submitting":
    case "unconfirmed":
    case "completed":
    case "cancelled":
      return { kind: "advance", log: `${look.log}; the video is ${standing.phase}` };
  }
}
