import { SWEEP_GRACE_MS } from "@rushes/ledger";
import {
  dollars,
  type AttemptKey,
  type LookFact,
  type Records,
  type Standing,
  type Submission,
  type SubmitFact,
} from "@rushes/pipeline";
import type { Logger, Metrics, SubmitResult } from "@rushes/telemetry";

export type ObservedRecords = Records & {
  /** To be told of every intent, which is written with the claim. */
  noteIntent(submission: Submission): void;
};

/** The records as the stages see them, with one log line per transition and every fact counted. */
export function observeRecords(records: Records, logger: Logger, metrics: Metrics): ObservedRecords {
  /** When the intents of this process were written, until they are answered. */
  const begun = new Map<string, number>();
  const sinceIntent = ({ videoId, number }: AttemptKey): { postMs?: number } => {
    const name = `${videoId} ${number}`;
    const startedMs = begun.get(name);
    begun.delete(name);
    return startedMs === undefined ? {} : { postMs: Math.round(performance.now() - startedMs) };
  };
  const tell = (videoId: string, standing: Standing, fields: object): void => {
    const { result, phase, rev } = standing;
    const alerting = ALERTS.has(result);
    logger[alerting ? "error" : "info"](
      { videoId, phase, rev, result, ...fields },
      ALERTS.get(result) ?? (NO_NEWS.has(result) ? "came late, changed nothing" : `video is ${phase}`),
    );
  };

  return {
    ...records,
    noteIntent({ videoId, number, account }) {
      begun.set(`${videoId} ${number}`, performance.now());
      logger.info({ videoId, phase: "submitting", attempt: number, account }, "video is submitting");
    },

    async read(videoId) {
      const reading = await records.read(videoId);
      if (!reading) return null;
      const { record, nowMs } = reading;
      if (record.phase === "generating" && record.dueMs > 0) {
        metrics.pollLag.observe(Math.max(0, nowMs - (record.dueMs - SWEEP_GRACE_MS)) / 1000);
      }
      return reading;
    },

    async learnAnswer(attempt, fact) {
      const standing = await records.learnAnswer(attempt, fact);
      metrics.submitAttempts.inc({ result: submitResult(fact) });
      const { number, account } = attempt;
      tell(attempt.videoId, standing, { attempt: number, account, ...sinceIntent(attempt), ...fact });
      return standing;
    },

    async recordLook(attempt, taskId, fact) {
      const standing = await records.recordLook(attempt, taskId, fact);
      if (standing.result === "moved" && fact.report === "succeeded") {
        metrics.generationDuration.observe({ mode: standing.mode }, standing.sinceMs / 1000);
      }
      if (standing.chargedMicros > 0) {
        metrics.spend.inc({ mode: standing.mode }, dollars(standing.chargedMicros));
      }
      const generating = standing.result === "moved" ? { generatingMs: standing.sinceMs } : {};
      if (standing.result !== "running")
        tell(attempt.videoId, standing, { taskId, ...generating, ...summaryOf(fact) });
      return standing;
    },

    async recordArchive(attempt, taskId, fact) {
      const standing = await records.recordArchive(attempt, taskId, fact);
      if (fact.result === "stored" && standing.result === "moved") {
        const bytes = fact.output.reduce((sum, file) => sum + file.bytes, 0);
        metrics.archiveBytes.inc(bytes);
        metrics.timeToArchive.observe(standing.sinceMs / 1000);
        tell(attempt.videoId, standing, { taskId, archivingMs: standing.sinceMs, bytes });
      } else {
        tell(attempt.videoId, standing, { taskId, ...("problem" in fact ? fact.problem : {}) });
      }
      return standing;
    },

    async recordRearchive(attempt, taskId, fact) {
      const standing = await records.recordRearchive(attempt, taskId, fact);
      const why = fact.result === "refused" ? { why: fact.why } : {};
      logger.info(
        { videoId: attempt.videoId, phase: standing.phase, result: standing.result, taskId, ...why },
        "files wanted again",
      );
      return standing;
    },
  };
}

/** What was learned was known, or is out of date: no transition, as when a callback and the schedule look at one time. */
const NO_NEWS = new Set(["stale", "known", "no_record"]);

/** Results that mean money or a lie of the provider; each in a sentence for whoever is called. */
const ALERTS = new Map([
  ["extra", "a second task was charged for this video: an extra charge"],
  ["stray", "a task of this video has no attempt to belong to: an extra charge"],
  ["task_elsewhere", "the provider named a task that belongs to another video"],
  [
    "accepted_after_refusal",
    "a refused submission was accepted after all: the provider's 5xx cannot be trusted",
  ],
]);

function submitResult(fact: SubmitFact): SubmitResult {
  switch (fact.fact) {
    case "accepted":
    case "refused":
    case "not_sent":
      return fact.fact;
    case "unknown":
      return "unconfirmed";
    case "refused_for_now":
      return fact.kind === "throttled" ? "throttled" : "refused";
  }
}

function summaryOf(fact: LookFact): object {
  return "problem" in fact ? { report: fact.report, ...fact.problem } : { report: fact.report };
}
