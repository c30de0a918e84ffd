import { expect, test } from "vitest";
import { jobPriority } from "./job-priority.ts";

const NOW_MS = Date.UTC(2026, 10, 24);
const MOST = 2 ** 21 - 1;

test("the older result goes first, and what has none goes before all", () => {
  const old = jobPriority(NOW_MS - 86_400_000);
  expect(old).toBeLessThan(jobPriority(NOW_MS));
  expect(jobPriority(NOW_MS)).toBe(jobPriority(NOW_MS + 1));
  expect(jobPriority(undefined)).toBe(0);
  expect(old).toBeGreaterThan(0);
});

test("BullMQ takes it, whatever the clock says", () => {
  for (const ms of [0, -1, NOW_MS + 0.5, Date.UTC(2044, 11, 31), Date.UTC(2100, 0, 1)]) {
    const priority = jobPriority(ms);
    expect(Number.isInteger(priority)).toBe(true);
    expect(priority).toBeGreaterThanOrEqual(1);
    expect(priority).toBeLessThanOrEqual(MOST);
  }
  expect(jobPriority(Date.UTC(2044, 11, 31))).toBeLessThan(MOST);
});
