import { expect, test } from "vitest";
import { momentText, spanText } from "./span-text.ts";

test.each([
  [0, "0 s"],
  [940, "0.9 s"],
  [9_000, "9 s"],
  [42_300, "42 s"],
  [60_000, "1 min"],
  [185_000, "3 min 5 s"],
  [754_000, "12 min"],
  [7_500_000, "2 h 5 min"],
  [86_400_000 * 12 + 3_600_000, "12 d"],
  [-5_000, "−5 s"],
  [-20, "0 s"],
])("%i ms reads %s", (ms, text) => {
  expect(spanText(ms)).toBe(text);
});

test("a moment is told in UTC", () => {
  expect(momentText(Date.UTC(2026, 10, 24, 15, 1, 13))).toBe("2026-11-24 15:01:13");
});
