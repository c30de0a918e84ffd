import * as fc from "fast-check";
import { test } from "vitest";
import { retryDelayMs } from "./retry-delay.ts";

test("doubles from the smallest to the largest delay, the last half at random", () => {
  const bounds = { minMs: 1_000, maxMs: 60_000 };
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (tries, chance) => {
        const full = Math.min(60_000, 1_000 * 2 ** Math.min(tries - 1, 40));
        const delay = retryDelayMs(tries, bounds, () => chance);
        return delay >= full / 2 && delay <= full;
      },
    ),
  );
});
