import { expect, test } from "vitest";
import { judgeBucket } from "./judge-bucket.ts";

test.each([
  ["usable", "ok"],
  ["missing", "refuse"],
  ["unwritable", "refuse"],
  // Listing may be forbidden where storing is allowed.
  ["forbidden", "unknown"],
  // A finished file waits for days.
  ["unavailable", "warn"],
] as const)("a bucket that is %s: %s", (kind, verdict) => {
  expect(judgeBucket({ kind, words: "as seen" })).toMatchObject({
    check: "bucket",
    found: "as seen",
    verdict,
  });
});
