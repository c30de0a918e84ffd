import { expect, test } from "vitest";
import type { ApiLimits } from "./api-limits.ts";
import { limitsLines } from "./limits-lines.ts";

const limits = (more: Partial<ApiLimits> = {}): ApiLimits => ({
  account: "main",
  in_flight: 3,
  concurrency: null,
  concurrency_is: "unknown",
  requests_last_minute: 17,
  rate_per_minute: 19.26,
  rate_is: "proven",
  probing: null,
  look_stretch: 1,
  closed: null,
  balance_usd: null,
  ...more,
});

test("a line per account says what is in use, what is allowed, and how sure that is", () => {
  const [head, line] = limitsLines([limits()]);
  expect(head).toMatch(/^account +in flight +at most/);
  expect(line).toMatch(/^main +3 +not known yet +17 +19\.3 \(proven\) +open$/);
});

test.each<[string, Partial<ApiLimits>]>([
  ["closed: balance_exhausted", { closed: "balance_exhausted", look_stretch: 3 }],
  ["open, looks 2.2 times as far apart", { look_stretch: 2.21 }],
  ["open, one call tests the limit", { probing: "rate" }],
])("%s", (state, more) => {
  expect(limitsLines([limits(more)])[1]?.endsWith(state)).toBe(true);
});

test("without an account there is a sentence", () => {
  expect(limitsLines([])).toEqual(["No worker has named an account yet."]);
});
