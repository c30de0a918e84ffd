import { Failure } from "@rushes/pipeline";

/** The store is away, overloaded or in the middle of something: the same call may well work later. */
export function bucketUnavailable(
  message: string,
  more: { httpStatus?: number; cause?: unknown } = {},
): Failure {
  return new Failure({ kind: "unavailable", class: "archive", code: "bucket_unavailable", message, ...more });
}

/** Bucket, key, region or rights are wrong: a person must act. */
export function bucketMisconfigured(
  message: string,
  more: { httpStatus?: number; cause?: unknown } = {},
): Failure {
  return new Failure({
    kind: "misconfigured",
    class: "archive",
    code: "bucket_misconfigured",
    message,
    ...more,
  });
}

/**
 * Error codes of S3 that say "later" although their HTTP status says "never": a body that came too slowly or was
 * cut on its way, a clock that the SDK has corrected by the next call, two writers at once.
 */
const PASSING_CODES = [
  "RequestTimeout",
  "IncompleteBody",
  "BadDigest",
  "RequestTimeTooSkewed",
  "ConditionalRequestConflict",
  "OperationAborted",
  "SlowDown",
  "TemporaryRedirect",
];
const PASSING_STATUSES = [408, 409, 429];

/** HTTP status of an error of the S3 client; undefined when there was no answer. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number };
  };
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

/** The Failure behind an error of the S3 client. `doing` completes "the bucket … while …". */
export function bucketFailure(error: unknown, doing: string): Failure {
  if (error instanceof Failure) return error;
  const httpStatus = statusOf(error);
  const name = error instanceof Error ? error.name : "Error";
  const more = { cause: error, ...(httpStatus === undefined ? {} : { httpStatus }) };
  const message = `the bucket answered ${httpStatus ?? "nothing"} (${name}) while ${doing}`;
  if (httpStatus === undefined) {
    // No answer: the network, unless the client could not even sign the request.
    return name === "CredentialsProviderError"
      ? bucketMisconfigured(message, more)
      : bucketUnavailable(message, more);
  }
  const passing = httpStatus >= 500 || PASSING_STATUSES.includes(httpStatus) || PASSING_CODES.includes(name);
  return passing ? bucketUnavailable(message, more) : bucketMisconfigured(message, more);
}
