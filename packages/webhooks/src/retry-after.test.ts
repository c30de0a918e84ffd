import { expect, test } from "vitest";
import { parseRetryAfter } from "./retry-after.ts";

const NOW_MS = Date.parse("2026-11-24T08:00:00Z");

test.each([
  ["120", 120_000],
  [" 1 ", 1_000],
  ["Tue, 24 Nov 2026 08:00:30 GMT", 30_000],
])("%j is %i milliseconds", (value, ms) => {
  expect(parseRetryAfter(value, NOW_MS)).toBe(ms);
});

test.each([undefined, "", "0", "-5", "soon", "1e3", "9".repeat(20), "Tue, 24 Nov 2026 07:59:59 GMT"])(
  "%j says nothing",
  (value) => {
    expect(parseRetryAfter(value, NOW_MS)).toBeUndefined();
  },
);
