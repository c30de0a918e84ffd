/**
 * The one error class of Rushes. A kind exists for its consequence and for nothing else:
 *
 * | kind            | what it means                                          | consequence                                   |
 * |-----------------|--------------------------------------------------------|-----------------------------------------------|
 * | `throttled`     | the other side said 429                                | nothing was accepted; slow down, try again    |
 * | `unavailable`   | the other side did not act, or the request never left  | nothing was accepted; try again after backoff |
 * | `unconfirmed`   | it may have acted on a request we never saw answered   | never repeated by itself                      |
 * | `misconfigured` | key, balance, route, bucket or setting is wrong        | nothing was accepted; a person must act       |
 * | `refused`       | this order or file will never be taken                 | give up on it                                 |
 *
 * Messages are for people; code reads `kind`, `class` and `code` only.
 */
export type FailureKind = "throttled" | "unavailable" | "unconfirmed" | "misconfigured" | "refused";

/** Whose doing it was; shown to the caller as `error.class`. */
export type FailureClass =
  | "caller_input"
  | "content_policy"
  | "provider_capacity"
  | "provider_fault"
  | "account"
  | "archive"
  | "operator"
  | "unknown";

export type FailureDetails = {
  kind: FailureKind;
  class: FailureClass;
  /** Stable and machine-readable, snake_case: `content_policy`, `balance_exhausted`, … */
  code: string;
  message: string;
  /** The HTTP status of the answer, where there was one. */
  httpStatus?: number;
  /** How long the other side asked us to wait, where it said so. */
  retryAfterMs?: number;
  /** False only where it is certain that no byte of the request left this process. */
  requestLeft?: boolean;
  cause?: unknown;
};

export class Failure extends Error {
  override readonly name = "Failure";
  readonly kind: FailureKind;
  readonly class: FailureClass;
  readonly code: string;
  readonly httpStatus: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly requestLeft: boolean | undefined;

  constructor(details: FailureDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = details.kind;
    this.class = details.class;
    this.code = details.code;
    this.httpStatus = details.httpStatus;
    this.retryAfterMs = details.retryAfterMs;
    this.requestLeft = details.requestLeft;
  }
}
