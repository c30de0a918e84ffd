import type { FailureDetails } from "@rushes/pipeline";
import type { FetchResult } from "./fetch-answer.ts";
import type { PostResult } from "./post-once.ts";

type Unanswered = Exclude<PostResult, { answer: unknown }>;
type Missing = Extract<FetchResult, { missing: string }>["missing"];

/** The failure of a submit that brought no whole answer. Only "did it leave" decides between the two kinds. */
export function submitTransportFailure(result: Unanswered, deadlineMs: number): FailureDetails {
  if (!result.left) {
    return result.refused
      ? {
          kind: "unavailable",
          class: "unknown",
          code: "too_late_to_send",
          message: "The connection stood too late for this attempt; nothing was sent",
          requestLeft: false,
        }
      : {
          kind: "unavailable",
          class: "unknown",
          code: "not_sent",
          message: "No connection to the provider; nothing was sent",
          requestLeft: false,
        };
  }
  return {
    kind: "unconfirmed",
    class: "unknown",
    code: MISSING_CODES[result.missing],
    message: `${missingMeaning(result.missing, deadlineMs)} after the request was sent (a task may have been created)`,
    requestLeft: true,
    ...(result.httpStatus === undefined ? {} : { httpStatus: result.httpStatus }),
  };
}

/** The failure of a call that may be repeated. */
export function readTransportFailure(
  result: Extract<FetchResult, { missing: string }>,
  deadlineMs: number,
): FailureDetails {
  return {
    kind: "unavailable",
    class: "provider_fault",
    code: MISSING_CODES[result.missing],
    message: missingMeaning(result.missing, deadlineMs),
    ...(result.httpStatus === undefined ? {} : { httpStatus: result.httpStatus }),
  };
}

const MISSING_CODES: Record<Missing, string> = {
  timeout: "answer_timeout",
  aborted: "aborted",
  lost: "answer_lost",
  too_large: "answer_too_large",
};

function missingMeaning(missing: Missing, deadlineMs: number): string {
  switch (missing) {
    case "timeout":
      return `No whole answer within ${deadlineMs} ms`;
    case "aborted":
      return "The caller gave up waiting for the answer";
    case "lost":
      return "The connection failed before a whole answer had come";
    case "too_large":
      return "The answer was larger than any of the provider's";
  }
}
