import type { Json, OrderInput, WebhookEventName } from "./order.ts";

export type Phase =
  | "queued"
  | "submitting"
  | "unconfirmed"
  | "generating"
  | "archiving"
  | "completed"
  | "failed"
  | "cancelled";

export type Status = "queued" | "in_progress" | "completed" | "failed" | "cancelled";

/** A file in the bucket. */
export type StoredFile = {
  url: string;
  bucket: string;
  key: string;
  bytes: number;
  /** Lower-case hex. */
  sha256: string;
  content_type: string;
  /** What the file says of itself, where it does. */
  media?: { width: number; height: number; duration_ms: number; codec: string };
};

/** A video as it is answered. Times are unix seconds, money is US dollars. */
export type Video = {
  id: string;
  object: "video";
  model: string;
  status: Status;
  /** The status in detail. */
  phase: Phase;
  /** It takes longer than expected, and is still looked at. */
  late: boolean;
  /** As it was ordered, with defaults. */
  input: OrderInput;
  created_at: number;
  submitted_at: number | null;
  completed_at: number | null;
  /** Attempts that cost or may cost money. */
  charges: number;
  cost: { reserved_usd: number; billed_usd: number };
  /** While the phase is `unconfirmed`: what an operator needs to know to decide. */
  unconfirmed: { since: number; at_stake_usd: number; attempts: number; max_charges: number } | null;
  /** A task that an operator named as this video's. */
  adoption: { task_id: string; state: "asked" | "refused"; message: string } | null;
  /** An operator wants the files archived again. */
  rearchive: { state: "asked" | "refused"; message: string } | null;
  provider: { account: string | null; task_id: string | null; state: string | null };
  /** Its files, once it is completed. */
  output: readonly StoredFile[];
  /** The JSON beside the files that tells what they are. */
  manifest: StoredFile | null;
  /** Why it failed. */
  error: { code: string; class: string; message: string } | null;
  metadata: Record<string, Json>;
  /** In percent: an estimate from what is usual; 100 only when it is completed. */
  progress: number;
  /** This and what follows are names by which clients of OpenAI's videos api know the same. */
  prompt: string;
  seconds: string;
  size: string | null;
  expires_at: null;
};

/** Whether it has ended: nothing happens to it any more. */
export function hasEnded({ status }: { status: Status }): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** One webhook that is or was owed to you, and every attempt at it. */
export type Delivery = {
  /** The `webhook-id` header of every attempt. */
  id: string;
  object: "delivery";
  event: `video.${WebhookEventName}`;
  state: "pending" | "delivered" | "given_up";
  created_at: number;
  /** When it is tried (again); null when it is not. */
  next_at: number | null;
  /** The newest 50, oldest first. */
  attempts: readonly {
    at: number;
    duration_ms: number;
    /** Of HTTP; null when there was no answer. */
    status: number | null;
    error: { code: string; message: string } | null;
    /** The beginning of the answer's body. */
    response: string;
  }[];
};
