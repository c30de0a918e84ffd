import { describe, expect, it } from "vitest";
import { classifyFailCode, FAIL_CODES, findFailCode } from "./fail-codes.ts";

describe("classifyFailCode", () => {
  // Written out by hand from the provider's pages, so that a row lost from the table is noticed here.
  it.each([
    ["caller_input", ["Missing required parameter", "Invalid parameter type", "Invalid parameter value"]],
    ["caller_input", ["Param length exceeded", "PromptLengthExceeded", "PROMPT_TOO_LONG", "INVALID_PROMPT"]],
    ["caller_input", ["ImageNotAccess", "IMAGE_DOWNLOAD_FAILED", "INVALID_IMAGE_URL", "IMAGE_TOO_LARGE"]],
    ["caller_input", ["UNSUPPORTED_FORMAT"]],
    ["content_policy", ["SensitiveContent", "PromptInvalid", "ProhibitedContentDetected", "NSFW"]],
    ["content_policy", ["SensitiveContentDetected", "InputImageSensitiveContentDetected"]],
    ["content_policy", ["InputOutputSensitiveContentDetected", "CONTENT_VIOLATION", "NSFW_DETECTED"]],
    ["provider_capacity", ["RateLimited", "Timeout", "PROCESSING_TIMEOUT", "MODEL_UNAVAILABLE"]],
    ["provider_fault", ["GENERATION_FAILED"]],
    ["account", ["INSUFFICIENT_CREDITS"]],
    ["unknown", ["Unknown error", "", "NeverHeardOf"]],
  ])("puts into class %s: %j", (expected, failCodes) => {
    expect(failCodes.map((failCode) => classifyFailCode(failCode).class)).toEqual(
      failCodes.map(() => expected),
    );
  });

  it("reads a fail code whatever its case and its separators", () => {
    for (const spelling of ["RateLimited", "RATE_LIMITED", "rate limited", "rate-limited", "Rate_limited "]) {
      expect(classifyFailCode(spelling).code).toBe("rate_limited");
    }
  });

  it("lets a new charge be tried for the provider's capacity only", () => {
    const hopeful = FAIL_CODES.filter((row) => classifyFailCode(row.spellings[0] ?? "").newChargeMayHelp);
    expect(hopeful.map((row) => row.code)).toEqual(["rate_limited", "model_unavailable", "provider_timeout"]);
    expect(classifyFailCode("NeverHeardOf")).toEqual({
      class: "unknown",
      code: "unrecognised_fail_code",
      newChargeMayHelp: false,
    });
  });

  it("has no spelling in two rows", () => {
    for (const row of FAIL_CODES) {
      for (const spelling of row.spellings) expect(findFailCode(spelling)).toBe(row);
    }
  });
});
