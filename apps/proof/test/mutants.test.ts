import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MUTANT_SCENARIOS } from "../src/mutants/mutant-scenarios.ts";
import { MUTANTS } from "../src/mutants/mutant-table.ts";
import { runMutants } from "../src/mutants/run-mutants.ts";

/** Nothing here depends on how long it takes; a busy machine is given time. */
const PATIENCE = { timeout: 300_000 };
const LANES = 2;
const out = mkdtempSync(join(tmpdir(), "rushes-mutants-"));

test("every rule that is taken out is missed", PATIENCE, async () => {
  expect(Object.keys(MUTANT_SCENARIOS)).toEqual(MUTANTS.map(({ name }) => name));
  const rows = await runMutants({ lanes: LANES, out, beside: false });
  expect(rows.map(({ mutant, problem }) => [mutant, problem])).toEqual(
    MUTANTS.map(({ name }) => [name, null]),
  );
});
