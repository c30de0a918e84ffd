import type { Order } from "./order.ts";
import { statusOf, type Phase, type Status } from "./phase.ts";
import { dollars } from "./price.ts";
import type { FailureClass } from "./failure.ts";
import { chargesOf, currentAttempt, type StoredFile, type VideoRecord } from "./video-record.ts";

/** A video as callers see it over HTTP: snake_case, times in unix seconds, money in dollars. */
export type Video = {
  id: string;
  object: "video";
  model: string;
  status: Status;
  phase: Phase;
  late: boolean;
  input: Order["input"];
  created_at: number;
  submitted_at: number | null;
  completed_at: number | null;
  charges: number;
  cost: { reserved_usd: number; billed_usd: number };
  /** While the phase is `unconfirmed`: what a person needs to know to decide. */
  unconfirmed: { since: number; at_stake_usd: number; attempts: number; max_charges: number } | null;
  /** A task that an operator named as this video's: `asked` until the provider was asked, `refused` if it does not know it. */
  adoption: { task_id: string; state: "asked" | "refused"; message: string } | null;
  /** An operator wants the files archived again: `asked` while that is under way, `refused` if it could not be done. */
  rearchive: { state: "asked" | "refused"; message: string } | null;
  provider: { account: string | null; task_id: string | null; state: string | null };
  output: readonly StoredFile[];
  /** The JSON beside the files that tells what they are; null until they are stored. */
  manifest: StoredFile | null;
  error: { code: string; class: FailureClass; message: string } | null;
  metadata: Order["metadata"];
  /** In percent: an estimate from how long such videos usually take, whole only when it is completed. */
  progress: number;
  /** What follows are further names for the same, by which clients of OpenAI's videos api know them. */
  prompt: string;
  seconds: string;
  /** Of the stored file where it tells, before that what is usual for the aspect ratio that was asked for. */
  size: string | null;
  /** Files in one's own bucket do not expire. */
  expires_at: null;
};

const seconds = (ms: number | null): number | null => (ms === null ? null : Math.floor(ms / 1000));

function presentDoubt({ phase, unconfirmedSinceMs, ...record }: VideoRecord): Video["unconfirmed"] {
  if (phase !== "unconfirmed") return null;
  return {
    since: Math.floor((unconfirmedSinceMs ?? record.createdMs) / 1000),
    at_stake_usd: dollars(record.unconfirmedMicros),
    attempts: record.attempts.length,
    max_charges: record.maxCharges,
  };
}

/** Who asked stands in the audit log, which is for admins. */
function presentAdoption({ adoption, refusedAdoption }: VideoRecord): Video["adoption"] {
  if (adoption) {
    const message = "The provider is asked whether it knows this task.";
    return { task_id: adoption.taskId, state: "asked", message };
  }
  if (refusedAdoption) {
    const message = `The task was not adopted: ${refusedAdoption.why}.`;
    return { task_id: refusedAdoption.taskId, state: "refused", message };
  }
  return null;
}

function presentRearchive({ rearchive, refusedRearchive }: VideoRecord): Video["rearchive"] {
  if (rearchive) return { state: "asked", message: "The files are being archived again." };
  if (refusedRearchive)
    return { state: "refused", message: `The files were not archived again: ${refusedRearchive}.` };
  return null;
}

/** @param nowMs Redis time, for the progress; the time of its last known step unless given */
export function presentVideo(record: VideoRecord, order: Order, nowMs = record.submittedMs ?? 0): Video {
  return {
    id: record.id,
    object: "video",
    model: order.model,
    status: statusOf(record.phase),
    phase: record.phase,
    late: record.late,
    input: order.input,
    created_at: Math.floor(record.createdMs / 1000),
    submitted_at: seconds(record.submittedMs),
    completed_at: seconds(record.completedMs),
    charges: chargesOf(record),
    cost: { reserved_usd: dollars(record.reservedMicros), billed_usd: dollars(record.billedMicros) },
    unconfirmed: presentDoubt(record),
    adoption: presentAdoption(record),
    rearchive: presentRearchive(record),
    provider: {
      account: record.account,
      task_id: currentAttempt(record)?.taskId ?? null,
      state: record.providerState,
    },
    output: record.output,
    manifest: record.manifest,
    error: record.phase === "failed" ? record.error : null,
    metadata: order.metadata,
    progress: progressOf(record, nowMs),
    prompt: order.input.prompt,
    seconds: String(order.input.duration),
    size: sizeOf(record, order),
    expires_at: null,
  };
}

/** In the middle of what the provider's page of the model says: 60–90 s for 5 s videos, 90–120 s for 10 s videos. */
const USUAL_MS = { 5: 75_000, 10: 105_000 } as const;
/** From the acceptance to the task's end. */
const [FIRST_PERCENT, LAST_PERCENT] = [10, 90];

function progressOf({ phase, duration, submittedMs }: VideoRecord, nowMs: number): number {
  switch (phase) {
    case "queued":
    case "failed":
    case "cancelled":
      return 0;
    case "submitting":
    case "unconfirmed":
      return 5;
    case "generating": {
      const share = Math.max(0, nowMs - (submittedMs ?? nowMs)) / USUAL_MS[duration];
      return Math.floor(FIRST_PERCENT + (LAST_PERCENT - FIRST_PERCENT) * Math.min(1, share));
    }
    case "archiving":
      return 95;
    case "completed":
      return 100;
  }
}

/** The sizes that OpenAI's api has for these shapes. */
const USUAL_SIZES = { "16:9": "1280x720", "9:16": "720x1280", "1:1": "1024x1024" } as const;

function sizeOf({ output }: VideoRecord, { input }: Order): string | null {
  const media = output[0]?.media;
  if (media) return `${media.width}x${media.height}`;
  return input.mode === "master-text-to-video" ? USUAL_SIZES[input.aspect_ratio] : null;
}
