import type { FailureClass } from "./failure.ts";
import type { Phase } from "./phase.ts";
import type { DurationSeconds, Mode } from "./video-input.ts";

/** What is known of one attempt's answer and task; `refused` attempts cost nothing. */
export const ATTEMPT_STATES = [
  "open",
  "unknown",
  "accepted",
  "refused",
  "ended_ok",
  "ended_bad",
  "result_gone",
] as const;
export type AttemptState = (typeof ATTEMPT_STATES)[number];

/** One intent to submit. The secret proves that an answer or a callback is this attempt's. */
export type Attempt = {
  number: number;
  state: AttemptState;
  secret: string;
  taskId: string | null;
  account: string;
  priceMicros: number;
  /** Whether its money is still reserved, spent, or given back. */
  money: "reserved" | "billed" | "returned";
  /** Redis milliseconds. */
  intentMs: number;
  deadlineMs: number | null;
  acceptedMs: number | null;
  endedMs: number | null;
  resultUrls: readonly string[];
  /** What became of its POST, as the ledger notes it for matching against the provider's bill; "" = nothing yet. */
  outcome: string;
};

/** One file in the bucket, as callers see it too. */
export type StoredFile = {
  /** `s3://<bucket>/<key>` */
  url: string;
  bucket: string;
  key: string;
  bytes: number;
  /** Lower-case hex. */
  sha256: string;
  content_type: string;
  /** What the file says of itself; missing where it does not tell. */
  media?: MediaFacts;
};

/** Read from a video's own index. Recorded for people; never a reason to refuse a file. */
export type MediaFacts = {
  width: number;
  height: number;
  duration_ms: number;
  /** The four-character code of the sample entry: `avc1`, `hvc1`, `av01`, … */
  codec: string;
};

/** The record of a video as it is in Redis; times are Redis milliseconds. Only the ledger's scripts change it. */
export type VideoRecord = {
  id: string;
  owner: string;
  phase: Phase;
  /** Raised by every transition; also the id of the event that told it. */
  rev: number;
  /** The `rev` that the newest valid wake-up carries. */
  wake: number;
  mode: Mode;
  duration: DurationSeconds;
  attempts: readonly Attempt[];
  /** Number of the attempt that the video follows; 0 = none. */
  current: number;
  maxCharges: number;
  priceMicros: number;
  reservedMicros: number;
  billedMicros: number;
  dueMs: number;
  createdMs: number;
  submittedMs: number | null;
  archivingMs: number | null;
  completedMs: number | null;
  endedMs: number | null;
  account: string | null;
  providerState: string | null;
  late: boolean;
  /** Looks in a row that brought no news of the task (errors, unknown task, success without files). */
  looksFailed: number;
  archiveTries: number;
  /** While `unconfirmed`: what its unanswered attempts may have cost. */
  unconfirmedMicros: number;
  /** While `unconfirmed`: since when. */
  unconfirmedSinceMs: number | null;
  /** A task that a person has named for this video and that the provider has not been asked about yet. */
  adoption: { taskId: string; by: string } | null;
  /** A task that a person named and that the provider does not know; gone once the video follows a task. */
  refusedAdoption: { taskId: string; why: string } | null;
  /** Who wants its files archived again, and how often that was tried. */
  rearchive: { by: string; tries: number } | null;
  /** Why its files could not be archived again, when that was asked for last. */
  refusedRearchive: string | null;
  output: readonly StoredFile[];
  /** The JSON beside the files that tells what they are. */
  manifest: StoredFile | null;
  error: { code: string; class: FailureClass; message: string } | null;
};

/** The attempt that the video follows now. */
export function currentAttempt(record: VideoRecord): Attempt | undefined {
  return record.attempts[record.current - 1];
}

/** Since when the result of the attempt that the video follows exists, as it was seen; undefined before its task's end. */
export function resultSinceMs(record: VideoRecord): number | undefined {
  return currentAttempt(record)?.endedMs ?? record.archivingMs ?? undefined;
}

/** Attempts whose task runs beside the one that the video follows: charges too many, looked at until they end. */
export function extraAttempts(record: VideoRecord): readonly Attempt[] {
  return record.attempts.filter(
    ({ state, number }) =>
      state === "accepted" && !(record.phase === "generating" && record.current === number),
  );
}

/** Attempts that cost or may cost money. */
export function chargesOf(record: VideoRecord): number {
  return record.attempts.filter((attempt) => attempt.state !== "refused").length;
}
