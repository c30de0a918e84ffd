import { join } from "node:path";
import { checkFolder, type Verdict } from "../checker/check-folder.ts";
import { collectWitnesses } from "../history/collect-witnesses.ts";
import { createHistoryFolder } from "../history/history-folder.ts";
import { startSystem } from "../system/proof-system.ts";
import { untilDrained } from "../system/until-drained.ts";
import { MUTANT_SCENARIOS, type MutantScenario } from "./mutant-scenarios.ts";
import { MUTANTS } from "./mutant-table.ts";

export type MutantRow = {
  mutant: string;
  means: string;
  /** The invariants that the checker found broken. */
  caughtBy: string[];
  problem: string | null;
};

const DRAIN_MS = 90_000;

/** Every mutant through its scenario; with `beside`, the same scenario once more with the rule in place. */
export async function runMutants(options: {
  lanes: number;
  out: string;
  beside: boolean;
}): Promise<MutantRow[]> {
  const names = MUTANTS.flatMap(({ name }) => [
    { name, isMutated: true },
    ...(options.beside ? [{ name, isMutated: false }] : []),
  ]);
  const rows = new Map<string, MutantRow>();
  const lane = async (): Promise<void> => {
    for (let next = names.shift(); next; next = names.shift()) {
      const { name, isMutated } = next;
      rows.set(`${name} ${isMutated}`, await runOne(name, isMutated, options.out));
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, lane));
  return MUTANTS.flatMap(({ name }) =>
    [true, false].flatMap((isMutated) => rows.get(`${name} ${isMutated}`) ?? []),
  );
}

async function runOne(name: string, isMutated: boolean, out: string): Promise<MutantRow> {
  const scenario = MUTANT_SCENARIOS[name];
  if (!scenario) throw new Error(`the mutant ${name} has no scenario`);
  const label = isMutated ? name : `${name}, with the rule in place`;
  const verdict = await play(
    scenario,
    isMutated ? name : undefined,
    join(out, `mutant-${name}-${isMutated}`),
    label,
  );
  const caughtBy = [...new Set(verdict.findings.map(({ invariant }) => invariant))];
  const isRight = isMutated ? caughtBy.includes(scenario.caughtBy) : caughtBy.length === 0;
  const expected = isMutated ? `not caught by ${scenario.caughtBy}` : "found to be wrong";
  const means = MUTANTS.find((mutant) => mutant.name === name)?.means ?? "";
  return { mutant: label, means: isMutated ? means : "", caughtBy, problem: isRight ? null : expected };
}

async function play(
  scenario: MutantScenario,
  mutant: string | undefined,
  path: string,
  label: string,
): Promise<Verdict> {
  const folder = createHistoryFolder(path);
  const startedAt = Date.now();
  const system = await startSystem({ folder, ...scenario.system, ...(mutant ? { mutant } : {}) });
  try {
    await system.startWorker();
    await scenario.act(system);
    const calmAt = Date.now();
    const drainedAt = await untilDrained(system, DRAIN_MS);
    await collectWitnesses(system);
    folder.writeFacts({
      ...{ name: label, seed: 0, callbacks: scenario.system.callbacks, callbackDropShare: 0 },
      ...{ budgetUsd: scenario.system.budgetUsd ?? null, keepsBooks: true, keepsFiles: true },
      ...{ startedAt, calmAt, drainedAt },
    });
  } finally {
    await system.stop();
  }
  return checkFolder(path);
}
