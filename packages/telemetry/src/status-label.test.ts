import { expect, test } from "vitest";
import { statusLabel } from "./status-label.ts";

test("the documented statuses are told apart and all others folded", () => {
  expect([200, 429, 504, undefined].map(statusLabel)).toEqual(["200", "429", "504", "none"]);
  expect([201, 302, 418, 599, 0, 999].map(statusLabel)).toEqual([
    "2xx",
    "3xx",
    "4xx",
    "5xx",
    "other",
    "other",
  ]);
});

test("the label stays a short list whatever the other side answers", () => {
  const labels = new Set(Array.from({ length: 1000 }, (_, status) => statusLabel(status)));
  expect(labels.size).toBeLessThanOrEqual(16);
});
