import { expect, test } from "vitest";
import { spanText } from "./span-text.ts";

test.each([
  [-2, "0 s"],
  [0.4, "0 s"],
  [59.4, "59 s"],
  [60, "1 min"],
  [3_599, "59 min"],
  [3_600, "1 h"],
  [5_430, "1 h 30 min"],
  [86_400, "1 d"],
  [1_296_000 - 1, "14 d 23 h"],
])("%d seconds are %s", (seconds, text) => {
  expect(spanText(seconds)).toBe(text);
});
