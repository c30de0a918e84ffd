import type { Order, Origin } from "./order.ts";
import type { Phase } from "./phase.ts";
import type { DurationSeconds, Mode } from "./video-input.ts";

/** The stages of a video, each with a queue of its own. */
export const STAGES = ["submit", "poll", "archive", "notify"] as const;
export type Stage = (typeof STAGES)[number];

/**
 * What a job is for: in poll the task that the video follows, or what runs beside it (`watch`); in archive the files that
 * the video waits for, or those that a person wants again (`rearchive`).
 */
export type Errand = "follow" | "watch" | "rearchive";

/**
 * A nudge: "look at this video". Losing, doubling or deleting one is harmless, for the record alone says what is
 * to be done.
 */
export type WakeUp = {
  stage: Stage;
  videoId: string;
  /** The record's `wake` when this was made. A job with a smaller one than the record's is out of date. */
  rev: number;
  /** Left out: `follow`. */
  errand?: Errand;
  /** In notify: which of the video's deliveries, by its number. */
  delivery?: number;
  /** Milliseconds from now; 0 at once. */
  delayMs: number;
  /**
   * In archive: since when the result exists, Unix milliseconds. Results live equally long, so the oldest will be gone first
   * and is copied first. Left out: before all others.
   */
  resultSinceMs?: number;
  about: JobSummary;
};

/** What an operator wants to see on a job; never the truth about the video. */
export type JobSummary = {
  mode: Mode;
  duration: DurationSeconds;
  prompt: string;
  task?: string;
} & Origin;

const PROMPT_EXCERPT_CHARACTERS = 80;

export function summarize(order: Order, taskId?: string | null): JobSummary {
  const { mode, duration, prompt } = order.input;
  const excerpt =
    prompt.length > PROMPT_EXCERPT_CHARACTERS
      ? `${prompt.slice(0, PROMPT_EXCERPT_CHARACTERS).toWellFormed()}…`
      : prompt;
  return { mode, duration, prompt: excerpt, ...(taskId ? { task: taskId } : {}), ...order.origin };
}

/** BullMQ silently drops an id that still exists, so each transition and each wake of the sweep has its own. */
export function jobId(wakeUp: Pick<WakeUp, "stage" | "videoId" | "rev">): string {
  return `${wakeUp.videoId}.${wakeUp.stage}.${wakeUp.rev}`;
}

/** Who acts on a video in this phase; null = nobody by itself. */
export function stageOf(phase: Phase): Stage | null {
  switch (phase) {
    case "queued":
    case "submitting":
      return "submit";
    case "generating":
      return "poll";
    case "archiving":
      return "archive";
    case "unconfirmed":
    case "completed":
    case "failed":
    case "cancelled":
      return null;
  }
}
