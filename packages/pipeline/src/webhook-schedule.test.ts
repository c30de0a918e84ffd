import * as fc from "fast-check";
import { expect, test } from "vitest";
import { nextDeliveryMs } from "./webhook-schedule.ts";

const GAPS_MS = [5_000, 300_000, 86_400_000];

test("each failed attempt has its own gap, and after the last there is none", () => {
  const gaps = [1, 2, 3, 4].map((tries) => nextDeliveryMs(tries, GAPS_MS, undefined, () => 0.5));
  expect(gaps).toEqual([5_000, 300_000, 86_400_000, null]);
});

test("a receiver may ask for more time, up to the largest gap, and never for less", () => {
  const asked = (retryAfterMs: number) => nextDeliveryMs(1, GAPS_MS, retryAfterMs, () => 0.5);
  expect(asked(60_000)).toBe(60_000);
  expect(asked(1)).toBe(5_000);
  expect(asked(1e12)).toBe(86_400_000);
});

test("the jitter is a tenth either way", () => {
  expect(nextDeliveryMs(1, GAPS_MS, undefined, () => 0)).toBeCloseTo(4_500);
  expect(nextDeliveryMs(1, GAPS_MS, undefined, () => 1)).toBeCloseTo(5_500);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      fc.option(fc.integer({ min: 0, max: 1e12 }), { nil: undefined }),
      (tries, chance, retryAfterMs) => {
        const gapMs = GAPS_MS[tries - 1] ?? 0;
        const ms = nextDeliveryMs(tries, GAPS_MS, retryAfterMs, () => chance) ?? 0;
        expect(ms).toBeGreaterThanOrEqual(gapMs * 0.9);
        expect(ms).toBeLessThanOrEqual(Math.max(gapMs * 1.1, Math.min(retryAfterMs ?? 0, 86_400_000)));
      },
    ),
  );
});
