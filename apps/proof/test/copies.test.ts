import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BUCKET_FAULTS, createCopyWeather, DOWNLOAD_FAULTS } from "../src/copies/copy-weather.ts";
import { runCopies } from "../src/copies/run-copies.ts";

/** A slice of `pnpm prove archive`. What a failing run has left is kept, and can be checked again with `pnpm prove check`. */
const SEED = 4;
/** Nothing here depends on how long it takes; a busy machine is given time. */
const PATIENCE = { timeout: 300_000 };
let out: string;
let isClean = true;
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), "rushes-copies-"));
});
afterAll(() => {
  if (isClean) rmSync(out, { recursive: true, force: true });
});

test(
  "copies in bad weather, through hands of which some are killed: all are stored whole, once",
  PATIENCE,
  async () => {
    const { findings, history, path } = await runCopies({
      ...{ seed: SEED, copies: 60, kills: 2, hands: 2, out },
      contender: "rushes",
    });
    isClean &&= findings.length === 0;
    expect(findings, `seed ${SEED}, histories in ${path}`).toEqual([]);
    expect(history.files).toHaveLength(60);
    expect(history.deaths.length).toBeGreaterThan(0);
    expect(history.weather.every(({ faults }) => Object.keys(faults).length > 5)).toBe(true);
  },
);

test(
  "a plain fetch into Upload in the same weather is caught storing what is corrupt",
  PATIENCE,
  async () => {
    const { findings } = await runCopies({
      ...{ seed: SEED, copies: 40, kills: 0, hands: 1, out },
      contender: "plain",
    });
    expect(findings.map(({ invariant }) => invariant)).toContain("corrupt");
  },
);

test("the weather of a seed is the same again, request by request, and as bad as it says", () => {
  const draws = (seed: number) => {
    const weather = createCopyWeather(seed);
    const faults = Array.from({ length: 2_000 }, (_, index) => [
      weather.ofDownload(`vid_${index % 700}`),
      weather.ofBucket("PUT", `vid_${index % 700}`),
    ]);
    return { faults, served: weather.served };
  };
  expect(draws(1)).toEqual(draws(1));
  expect(draws(1)).not.toEqual(draws(2));
  const { download, bucket } = draws(1).served;
  const share = ({ requests, faults }: typeof download) =>
    Object.values(faults).reduce((sum, times) => sum + times, 0) / requests;
  expect(share(download)).toBeCloseTo(DOWNLOAD_FAULTS, 1);
  expect(share(bucket)).toBeCloseTo(BUCKET_FAULTS, 1);
});
