import { Failure } from "@rushes/pipeline";

/**
 * What can be wrong with a result URL or the file behind it. Every kind here is `unavailable`: the video is paid
 * for, so the archive stage comes back, and nothing ever means that it should be generated again.
 */
const SLOW_DOWN = 429;

/**
 * The host did not give the file: an HTTP status other than success (then `httpStatus` says which; 403, 404 and
 * 410 mean that a fresh URL is needed), or no answer at all.
 */
export function resultUnreachable(
  message: string,
  more: { httpStatus?: number; retryAfterMs?: number; cause?: unknown } = {},
): Failure {
  return new Failure({
    kind: "unavailable",
    class: more.httpStatus === SLOW_DOWN ? "provider_capacity" : "provider_fault",
    code: "result_unreachable",
    message,
    ...more,
  });
}

/** The host gave something that is not the whole video: cut, mistyped, or no MP4. */
export function resultDamaged(message: string, cause?: unknown): Failure {
  return new Failure({
    kind: "unavailable",
    class: "provider_fault",
    code: "result_damaged",
    message,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The download guard will not dial this URL. Nothing was sent. */
export function resultUrlForbidden(message: string): Failure {
  return new Failure({
    kind: "unavailable",
    class: "archive",
    code: "result_url_forbidden",
    message,
    requestLeft: false,
  });
}

/** Larger than `downloadMaxBytes`. A person may raise that, and the file is still there until its life ends. */
export function resultTooLarge(maxBytes: number): Failure {
  return new Failure({
    kind: "unavailable",
    class: "archive",
    code: "result_too_large",
    message: `the result file is larger than the allowed ${maxBytes} bytes`,
  });
}
