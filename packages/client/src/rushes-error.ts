import type { Video } from "./video.ts";

/** One thing that is wrong with what was sent. */
export type FieldProblem = {
  /** `input.image_urls[0]`, without the order it belongs to. */
  field: string;
  message: string;
  /** Which of the orders that were given to `orderMany`, from 0; null where there was only one. */
  item: number | null;
};

/** What this client finds itself. All other codes are the api's, listed at its `/docs`. */
export type ClientCode =
  /** No connection, or it broke. */
  | "unreachable"
  /** No answer in time. */
  | "timeout"
  /** What answers is not the api, or not this version's. */
  | "unexpected_answer"
  /** `wait` gave up waiting; the video goes on. */
  | "wait_timeout"
  /** The downloaded bytes are not the ones that were stored. */
  | "file_damaged"
  /** The link to a file did not answer with it. */
  | "file_unavailable"
  /** Not signed by that secret, altered, or too old. */
  | "webhook_refused";

export type ErrorDetails = {
  status?: number | null;
  errors?: readonly FieldProblem[];
  requestId?: string | null;
  retryAfterMs?: number | null;
  isUnsure?: boolean;
  cause?: unknown;
};

/** Everything that this client throws, but for the reason of a signal that you aborted yourself. */
export class RushesError extends Error {
  override readonly name = "RushesError";
  /** Stable; branch on this: one of the api's codes or a `ClientCode`. */
  readonly code: string;
  /** Of HTTP; null where there was no answer. */
  readonly status: number | null;
  readonly errors: readonly FieldProblem[];
  /** Names the request in the api's log. */
  readonly requestId: string | null;
  /** How long the api wants to be left alone. */
  readonly retryAfterMs: number | null;
  /** It is not known whether the request was carried out. Orders: repeat with `idempotencyKey`, which orders once. */
  readonly isUnsure: boolean;
  /** The key that an order went out with. */
  idempotencyKey: string | null = null;
  /** `orderMany`: what had been ordered before this happened. With the same key and orders a repeat goes on after it. */
  ordered: readonly Video[] = [];

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status ?? null;
    this.errors = details.errors ?? [];
    this.requestId = details.requestId ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.isUnsure = details.isUnsure ?? false;
  }
}
