import { Failure } from "@rushes/pipeline";
import { describe, expect, it } from "vitest";
import { bucketFailure } from "./bucket-failure.ts";

function answered(httpStatusCode: number, name: string): Error {
  return Object.assign(new Error("from S3"), { name, $metadata: { httpStatusCode } });
}

describe("what an error of the bucket means", () => {
  it.each([
    [429, "TooManyRequests"],
    [500, "InternalError"],
    [502, "BadGateway"],
    [503, "SlowDown"],
    [503, "ServiceUnavailable"],
    [409, "ConditionalRequestConflict"],
    [400, "RequestTimeout"],
    [400, "IncompleteBody"],
    [403, "RequestTimeTooSkewed"],
  ])("%i %s passes by itself", (status, name) => {
    const failure = bucketFailure(answered(status, name), "storing");
    expect(failure).toMatchObject({
      kind: "unavailable",
      class: "archive",
      code: "bucket_unavailable",
      httpStatus: status,
    });
  });

  it.each([
    [404, "NoSuchBucket"],
    [403, "AccessDenied"],
    [403, "InvalidAccessKeyId"],
    [403, "SignatureDoesNotMatch"],
    [400, "ExpiredToken"],
    [301, "PermanentRedirect"],
    [400, "AuthorizationHeaderMalformed"],
  ])("%i %s needs a person", (status, name) => {
    const failure = bucketFailure(answered(status, name), "storing");
    expect(failure).toMatchObject({ kind: "misconfigured", class: "archive", code: "bucket_misconfigured" });
  });

  it("no answer is the network's doing, and missing credentials are not", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    expect(bucketFailure(refused, "storing")).toMatchObject({ kind: "unavailable", httpStatus: undefined });
    const keyless = Object.assign(new Error("no keys"), { name: "CredentialsProviderError" });
    expect(bucketFailure(keyless, "storing")).toMatchObject({
      kind: "misconfigured",
      code: "bucket_misconfigured",
    });
  });

  it("a Failure is passed on as it is", () => {
    const failure = new Failure({ kind: "unavailable", class: "archive", code: "x", message: "x" });
    expect(bucketFailure(failure, "storing")).toBe(failure);
  });
});
