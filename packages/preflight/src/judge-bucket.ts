import type { Finding } from "./finding.ts";

/** What became of looking at the bucket. Told by whoever can reach it. */
export type BucketState =
  | { kind: "usable"; words: string }
  /** There is no such bucket, or not under this address or region, or there are no credentials. */
  | { kind: "missing"; words: string }
  /** It answers, and this look is not allowed; writing may be. */
  | { kind: "forbidden"; words: string }
  /** A test object could not be written and removed. */
  | { kind: "unwritable"; words: string }
  /** No answer, or one that says "later". */
  | { kind: "unavailable"; words: string };

/**
 * A missing bucket refuses: each submission would pay for a file that has nowhere to go. One that is away does not, for a
 * finished file waits for days.
 */
export function judgeBucket({ kind, words: found }: BucketState): Finding {
  const check = "bucket";
  switch (kind) {
    case "usable":
      return { check, found, verdict: "ok" };
    case "missing":
      return {
        check,
        found,
        verdict: "refuse",
        fix: "check ARCHIVE_BUCKET, AWS_REGION, AWS_ENDPOINT_URL_S3, S3_FORCE_PATH_STYLE and the credentials",
        lasting: true,
      };
    case "unwritable":
      return {
        check,
        found,
        verdict: "refuse",
        fix: "allow s3:PutObject and s3:GetObject on the bucket",
        lasting: true,
      };
    case "forbidden":
      return {
        check,
        found,
        verdict: "unknown",
        fix: "allow s3:ListBucket to have it checked, or try a write with rushes doctor --write-test",
      };
    case "unavailable":
      return {
        check,
        found,
        verdict: "warn",
        fix: "see that the store can be reached; files wait until it can",
      };
  }
}
