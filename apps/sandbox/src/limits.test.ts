import { expect, test } from "vitest";
import { createLimits } from "./limits.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";

test("a slot is free again exactly one window after it was taken", () => {
  let now = 0;
  const limits = createLimits(
    ({ rateWindowMs }) => rateWindowMs / 10,
    () => now,
  );
  const settings = { ...DEFAULT_SETTINGS, ratePerWindow: 2, rateWindowMs: 1_000 };
  const submit = (time: number) => {
    now = time;
    const admitted = limits.admitSubmit("k", settings);
    if (admitted) limits.countAccepted("k", settings);
    return admitted;
  };
  expect([submit(0), submit(60), submit(99), submit(100), submit(101), submit(159), submit(160)]).toEqual([
    true,
    true,
    false,
    true,
    false,
    false,
    true,
  ]);
});
