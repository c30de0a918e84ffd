import type { WebhookEvent } from "./webhook-order.ts";

/** `given_up`: nothing more is sent by itself, but a person may replay it. */
export const DELIVERY_STATES = ["pending", "delivered", "given_up"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One webhook that is owed to the caller: an event of a video, written down with the transition that it tells. */
export type Delivery = {
  videoId: string;
  /** The `rev` of the transition; with the video's id it names the delivery. */
  number: number;
  event: WebhookEvent;
  state: DeliveryState;
  /** When it happened. This and all times are Redis milliseconds. */
  createdMs: number;
  /** When the next attempt is due; of interest while pending. */
  dueMs: number;
  /** The `rev` of the newest valid wake-up. */
  wake: number;
  /** Failed attempts since the schedule began, which is at the event or at the last replay. */
  tries: number;
  /** All attempts that were ever recorded. */
  recorded: number;
  /** Attempts in a row that were started and never recorded: their processes died. */
  unfinished: number;
  /** What is sent, from the first attempt on. */
  body: string | null;
  /** The newest of them, oldest first. */
  attempts: readonly DeliveryAttempt[];
};

/** What came of one POST. */
export type DeliveryAttempt = {
  atMs: number;
  durationMs: number;
  /** The HTTP status; null when there was no answer. */
  status: number | null;
  /** Why there was no answer; null when there was one. */
  error: { code: string; message: string } | null;
  /** The beginning of the answer's body, for whoever looks for the reason. */
  excerpt: string;
};

/** The delivery's name outside, and its `webhook-id`. It has no full stop, for that parts id, time and body in the signature. */
export function deliveryId(videoId: string, number: number): string {
  return `${videoId}_${number}`;
}

export type DeliveryVerdict =
  | { state: "delivered" | "given_up" }
  /** Again in so many milliseconds. */
  | { state: "pending"; againMs: number };

/** The part of the ledger that keeps deliveries. */
export type Deliveries = {
  read(videoId: string, number: number): Promise<Delivery | null>;
  /**
   * Says that an attempt begins, and keeps the sweep away while it lasts. The first body that is given here is kept
   * for all later attempts.
   *
   * @returns the body to send; null when this delivery is no longer as it was read
   */
  start(delivery: Delivery, body: string): Promise<string | null>;
  /** Stores an attempt and what follows from it. False when another job has recorded the same one before. */
  record(delivery: Delivery, attempt: DeliveryAttempt, verdict: DeliveryVerdict): Promise<boolean>;
};

/** One POST of a webhook. */
export type WebhookRequest = {
  id: string;
  url: string;
  body: string;
  /** When this attempt is made; part of what is signed. */
  atMs: number;
};

/** Only `status` 2xx counts as delivered. Redirects are answers like any other. */
export type WebhookAnswer =
  | { kind: "answered"; status: number; retryAfterMs?: number; excerpt: string; durationMs: number }
  | { kind: "unanswered"; code: string; message: string; durationMs: number };

/** Sends webhooks. Whatever goes wrong outside is an answer, never an error. */
export type Webhooks = { deliver(request: WebhookRequest): Promise<WebhookAnswer> };
