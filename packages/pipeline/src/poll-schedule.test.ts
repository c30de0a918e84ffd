import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isLate, nextLookMs, type PollSettings } from "./poll-schedule.ts";

const SETTINGS: PollSettings = {
  pollFirstMs: 60_000,
  pollMinMs: 5_000,
  pollMaxMs: 10_000,
  lateAfterMs: 900_000,
  lateEveryMaxMs: 600_000,
};

type Look = { atMs: number; gapMs: number };

/** Every look until then, if the task never ends: when after its acceptance, and how long after the one before. */
function looks(duration: 5 | 10, untilMs: number, random: () => number, settings = SETTINGS): Look[] {
  const made: Look[] = [];
  let atMs = 0;
  while (atMs < untilMs) {
    const gapMs = nextLookMs({ duration, sinceAcceptedMs: atMs, looksFailed: 0 }, settings, random);
    atMs += gapMs;
    made.push({ atMs, gapMs });
  }
  return made;
}

describe("the documented schedule", () => {
  test.each([5, 10] as const)("first looks at a %i s video 60 s after the answer was stored", (duration) => {
    expect(looks(duration, 1, Math.random)[0]?.atMs).toBe(60_000);
  });

  test("then keeps every gap within 5 to 10 s until the task is late", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(5 as const, 10 as const),
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 200, maxLength: 200 }),
        (duration, numbers) => {
          let i = 0;
          const [, ...later] = looks(duration, 880_000, () => numbers[i++ % numbers.length] ?? 0);
          return later.every(({ gapMs }) => gapMs >= 5_000 && gapMs <= 10_000);
        },
      ),
    );
  });

  test("looks more often while a finish is likely", () => {
    const within = (made: Look[], from: number, to: number): number =>
      made.filter(({ atMs }) => atMs > from && atMs <= to).length;
    const short = looks(5, 200_000, () => 0.5);
    expect(within(short, 60_000, 90_000)).toBeGreaterThan(within(short, 120_000, 150_000));
    const long = looks(10, 200_000, () => 0.5);
    expect(within(long, 90_000, 120_000)).toBeGreaterThan(within(long, 60_000, 90_000));
    expect(within(long, 90_000, 120_000)).toBeGreaterThan(within(long, 150_000, 180_000));
  });

  test("moves the gaps at random, so that tasks submitted together do not stay together", () => {
    const gaps = new Set(
      Array.from({ length: 50 }, (_, i) =>
        nextLookMs({ duration: 5, sinceAcceptedMs: 70_000, looksFailed: 0 }, SETTINGS, () => i / 50),
      ),
    );
    expect(gaps.size).toBe(50);
  });
});

describe("late tasks", () => {
  test("are late from LATE_AFTER_MS on", () => {
    expect([isLate(899_999, SETTINGS), isLate(900_000, SETTINGS)]).toEqual([false, true]);
  });

  test("are looked at with gaps that grow up to LATE_EVERY_MAX_MS, and never stop", () => {
    const made = looks(5, 1_296_000_000, () => 0);
    const late = made.filter(({ atMs, gapMs }) => atMs - gapMs >= 900_000).map(({ gapMs }) => gapMs);
    expect(late.every((gap, i) => gap >= (late[i - 1] ?? 0))).toBe(true);
    expect(late.at(-1)).toBe(600_000);
    expect(made.length).toBeLessThan(2_400);
  });
});

describe("looks that failed", () => {
  test("double the gap each, and never wait longer than LATE_EVERY_MAX_MS", () => {
    const gap = (looksFailed: number): number =>
      nextLookMs({ duration: 5, sinceAcceptedMs: 200_000, looksFailed }, SETTINGS, () => 0);
    expect([gap(0), gap(1), gap(2), gap(30)]).toEqual([10_000, 20_000, 40_000, 600_000]);
  });

  test("do not bring the first look forward to at once", () => {
    expect(nextLookMs({ duration: 5, sinceAcceptedMs: 1_000, looksFailed: 1 }, SETTINGS, () => 0)).toBe(
      20_000,
    );
  });
});

test("the schedule keeps its shape at a hundredth of real time", () => {
  const scaled: PollSettings = {
    pollFirstMs: 600,
    pollMinMs: 50,
    pollMaxMs: 100,
    lateAfterMs: 9_000,
    lateEveryMaxMs: 6_000,
  };
  const real = looks(10, 2_000_000, () => 0.25);
  const fast = looks(10, 20_000, () => 0.25, scaled);
  expect(fast.map(({ atMs }) => Math.round(atMs * 100))).toEqual(real.map(({ atMs }) => Math.round(atMs)));
});
