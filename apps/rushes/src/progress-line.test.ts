import { expect, test } from "vitest";
import { plainLine, progressLine } from "./progress-line.ts";

const line = (elapsedMs: number, phase: "generating" | "completed" = "generating") =>
  progressLine({ phase, late: false, elapsedMs, typicalMs: 9_000 });

function filled(text: string): number {
  return text.split("█").length - 1;
}

test("a line tells the phase, the time so far and the usual time", () => {
  expect(line(4_600)).toMatch(/^ {2}█+░+ being generated, 4 s \(9 s are usual\)$/);
});

test("the bar grows with time and is full only at the end, however long that takes", () => {
  const lengths = [0, 2_000, 5_000, 9_000, 12_000, 600_000].map((elapsedMs) => filled(line(elapsedMs)));
  expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  expect(new Set(lengths).size).toBeGreaterThan(4);
  expect(lengths[0]).toBe(0);
  expect(line(600_000)).toContain("░");
  expect(line(1_000, "completed")).not.toContain("░");
});

test("a late video is said to be late", () => {
  expect(plainLine({ phase: "generating", late: true })).toBe("  being generated, later than usual");
});
