import type { FailureClass } from "./failure.ts";
import type { Order } from "./order.ts";
import type { Phase } from "./phase.ts";
import type { Mode } from "./video-input.ts";
import type { StoredFile, VideoRecord } from "./video-record.ts";

/** Names one attempt and proves the right to speak of it. Everything learned carries one. */
export type AttemptKey = { videoId: string; number: number; secret: string; account: string };

/** What the taker of a turn got from the line. */
export type Submission = AttemptKey & {
  order: Order;
  wake: number;
  /** Refusals so far, for the backoff. */
  attempts: number;
  /** This account's 5xx has been an acceptance before: it is not believed any more. */
  strict: boolean;
};

export type Problem = { code: string; class: FailureClass; message: string };

/** What became of one POST. `refused_for_now` and `not_sent` go back to the line after `backoffMs`. */
export type SubmitFact =
  | { fact: "accepted"; taskId: string; firstLookMs: number }
  | {
      fact: "refused_for_now" | "not_sent";
      kind: "throttled" | "unavailable" | "misconfigured";
      backoffMs: number;
      /** How long a 429 asked to wait, where it said so. */
      retryAfterMs?: number | undefined;
      problem: Problem;
    }
  | { fact: "refused"; problem: Problem }
  | { fact: "unknown" };

export type LookFact =
  | { report: "running"; providerState: string; nextLookMs: number; late: boolean; looksFailed: number }
  | { report: "succeeded"; resultUrls: readonly string[] }
  | { report: "failed"; problem: Problem; mayRetry: boolean; backoffMs: number }
  | { report: "lost"; problem: Problem };

export type ArchiveFact =
  | { result: "stored"; output: readonly StoredFile[]; manifest: StoredFile }
  | { result: "gone"; problem: Problem }
  | { result: "again"; problem: Problem; againMs: number; resultUrls?: readonly string[] };

/** What became of archiving a video's files again; `again`: not yet, the same job comes back. */
export type RearchiveFact =
  | { result: "stored"; output: readonly StoredFile[]; manifest: StoredFile }
  | { result: "refused"; why: string }
  | { result: "again" };

/** Where a record stands after a script. `result` is the script's own word for what it did. */
export type Standing = {
  result: string;
  phase: Phase;
  rev: number;
  wake: number;
  /** Only of a look that ended something; otherwise the first mode. */
  mode: Mode;
  /** What the task has cost whose end was seen first by this look; otherwise 0. */
  chargedMicros: number;
  /** The number of the delivery that was written with this very transition; null when nobody asked to be told of it. */
  delivery: number | null;
  /** What ended has lasted so long: a task since its acceptance, archiving since the task's success. */
  sinceMs: number;
};

/** What a stage reads: the record, its order, and Redis' own time. */
export type Reading = { record: VideoRecord; order: Order; nowMs: number };

/** The part of the ledger that the stages use. */
export type Records = {
  read(videoId: string): Promise<Reading | null>;
  learnAnswer(attempt: AttemptKey, fact: SubmitFact): Promise<Standing>;
  recordLook(attempt: AttemptKey, taskId: string, fact: LookFact): Promise<Standing>;
  /** Binds a task that a person named, now that the provider has been seen to know it. */
  adopt(videoId: string, taskId: string, by: string): Promise<Standing>;
  refuseAdoption(videoId: string, taskId: string, why: string): Promise<Standing>;
  recordArchive(attempt: AttemptKey, taskId: string, fact: ArchiveFact): Promise<Standing>;
  recordRearchive(attempt: AttemptKey, taskId: string, fact: RearchiveFact): Promise<Standing>;
};
