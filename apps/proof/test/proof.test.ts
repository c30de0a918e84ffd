import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runControl } from "../src/control/run-control.ts";
import { allScenarios, runPoints } from "../src/points/run-points.ts";
import { runSeed } from "../src/run-seed.ts";

/**
 * A slice of `pnpm prove`, about two minutes on an idle machine with two cores. The whole is told in the README. What a
 * failing run has left is kept, and can be checked again with `pnpm prove check`.
 */
let out: string;
let isClean = true;
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), "rushes-proof-"));
});
afterAll(() => {
  if (isClean) rmSync(out, { recursive: true, force: true });
});

/** Nothing here depends on how long it takes; a busy machine is given time. */
const PATIENCE = { timeout: 600_000 };
const SEED = 8;
const LANES = 3;
/** Where money is in the air, or a file; `pnpm prove points` strikes at all twenty, and freezes at each besides. */
const KILLED_AT = [
  ...["after-admit", "after-intent", "before-post", "during-post", "after-post", "after-store"],
  ...["after-look-store", "after-archive-put", "after-callback-store"],
];
/** Frozen here, a process has the most to say when it wakes. */
const FROZEN_AT = ["after-intent", "before-post"];

test(
  "a seed of faults: no order is paid twice, none is lost, the books agree, the budget holds",
  PATIENCE,
  async () => {
    const verdict = await runSeed({
      ...{ seed: SEED, orders: 60, faults: 20, workers: 3, out },
      callbacks: { dropShare: 0.1 },
    });
    isClean &&= verdict.findings.length === 0;
    expect(verdict.findings, `seed ${SEED}, histories in ${verdict.path}`).toEqual([]);
    expect(verdict.figures).toMatchObject({ doubled: 0, unaccounted: 0, abandoned: 0, overshootMicros: 0 });
    expect(verdict.figures.acknowledged + verdict.figures.refused).toBe(60);
  },
);

test(
  "killed at the named points where money is in the air, and frozen at two: each order ends as promised",
  PATIENCE,
  async () => {
    const scenarios = [
      ...allScenarios(["SIGKILL"]).filter(
        ({ point, callbacks }) =>
          KILLED_AT.includes(point.name) && (callbacks === "off" || point.needsCallbacks),
      ),
      ...allScenarios(["SIGSTOP"]).filter(
        ({ point, callbacks }) => FROZEN_AT.includes(point.name) && callbacks === "off",
      ),
    ];
    expect(new Set(scenarios.map(({ point }) => point.name))).toEqual(new Set(KILLED_AT));
    const { rows, verdicts } = await runPoints(scenarios, { lanes: LANES, out });
    const problems = rows.filter(({ problem }) => problem !== null);
    const findings = verdicts.flatMap((verdict) => verdict.findings);
    isClean &&= problems.length === 0 && findings.length === 0;
    expect(problems, `histories in ${out}`).toEqual([]);
    expect(findings, `histories in ${out}`).toEqual([]);
    expect(rows).toHaveLength(scenarios.length);
  },
);

test("plain BullMQ under the same faults is caught paying twice", PATIENCE, async () => {
  const { findings, figures } = await runControl({ seed: SEED, orders: 50, faults: 12, workers: 3, out });
  expect(findings.map(({ invariant }) => invariant)).toContain("charged-too-often");
  expect(figures.doubled).toBeGreaterThan(0);
});
