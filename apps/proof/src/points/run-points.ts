import { join } from "node:path";
import { checkFolder, type Verdict } from "../checker/check-folder.ts";
import { collectWitnesses } from "../history/collect-witnesses.ts";
import { createHistoryFolder, readHistory } from "../history/history-folder.ts";
import type { StrikeSignal } from "../inside/arm.ts";
import { startSystem } from "../system/proof-system.ts";
import { untilDrained } from "../system/until-drained.ts";
import { POINTS, type Point } from "./point-table.ts";
import { strikeAtPoint } from "./strike-at-point.ts";

export type PointScenario = { point: Point; signal: StrikeSignal; callbacks: "off" | "on" };

/** How the one order of a scenario ended. */
export type PointRow = {
  point: string;
  signal: StrikeSignal;
  callbacks: "off" | "on";
  phase: string;
  charges: number;
  /** Null: as the table of points says. Else what is wrong. */
  problem: string | null;
};

export type PointsResult = { rows: PointRow[]; verdicts: Verdict[] };

const DRAIN_MS = 90_000;

/** Every point, killed and frozen; where an answer can be lost, once without callbacks and once with them. */
export function allScenarios(signals: readonly StrikeSignal[] = ["SIGKILL", "SIGSTOP"]): PointScenario[] {
  return POINTS.flatMap((point) => {
    const modes: PointScenario["callbacks"][] = point.needsCallbacks
      ? ["on"]
      : point.parks
        ? ["off", "on"]
        : ["off"];
    return modes.flatMap((callbacks) => signals.map((signal) => ({ point, signal, callbacks })));
  });
}

/**
 * Plays the scenarios through, several systems side by side, each one scenario after the other. Every system's histories
 * are checked as a whole, and every scenario's order is held against what the table of points promises.
 */
export async function runPoints(
  scenarios: readonly PointScenario[],
  { lanes, out, onRow }: { lanes: number; out: string; onRow?: (row: string) => void },
): Promise<PointsResult> {
  const polled = scenarios.filter(({ callbacks }) => callbacks === "off");
  const calledBack = scenarios.filter(({ callbacks }) => callbacks === "on");
  const calledBackLanes = Math.min(
    calledBack.length,
    Math.max(1, Math.round((lanes * calledBack.length) / scenarios.length)),
  );
  const shares = [
    ...deal(polled, Math.max(1, lanes - calledBackLanes)),
    ...deal(calledBack, calledBackLanes),
  ].filter((share) => share.length > 0);
  const results = await Promise.all(
    shares.map((share, index) => runLane(share, join(out, `points-${index + 1}`), onRow)),
  );
  return {
    rows: results.flatMap(({ rows }) => rows),
    verdicts: results.map(({ verdict }) => verdict),
  };
}

function deal<Item>(items: readonly Item[], count: number): Item[][] {
  return Array.from({ length: count }, (_, lane) => items.filter((__, index) => index % count === lane));
}

async function runLane(
  scenarios: readonly PointScenario[],
  path: string,
  onRow: ((row: string) => void) | undefined,
): Promise<{ rows: PointRow[]; verdict: Verdict }> {
  const folder = createHistoryFolder(path);
  const callbacks = scenarios[0]?.callbacks ?? "off";
  const startedAt = Date.now();
  const placed: { scenario: PointScenario; prompt: string }[] = [];
  const system = await startSystem({ folder, callbacks });
  try {
    await system.startWorker();
    for (const scenario of scenarios) {
      const order = await strikeAtPoint(system, scenario.point, scenario.signal);
      placed.push({ scenario, prompt: order.body.input.prompt });
      onRow?.(`${scenario.point.name} ${scenario.signal} callbacks ${callbacks}`);
    }
    const calmAt = Date.now();
    const drainedAt = await untilDrained(system, DRAIN_MS);
    await collectWitnesses(system);
    folder.writeFacts({
      ...{
        name: `points, callbacks ${callbacks}`,
        seed: 0,
        callbacks,
        callbackDropShare: 0,
        budgetUsd: null,
      },
      ...{ keepsBooks: true, keepsFiles: true, startedAt, calmAt, drainedAt },
    });
  } finally {
    await system.stop();
  }
  const history = readHistory(path);
  const rows = placed.map(({ scenario, prompt }) => {
    const phase = history.records.find((record) => record.prompt === prompt)?.phase ?? "lost";
    const charges = history.bill.filter((charge) => charge.prompt === prompt).length;
    return rowOf(scenario, phase, charges);
  });
  return { rows, verdict: checkFolder(path) };
}

/** A killed order whose answer nobody can know waits for a person, unless a callback brings its task; all others end. */
function rowOf({ point, signal, callbacks }: PointScenario, phase: string, charges: number): PointRow {
  const isUnknown = callbacks === "off" || charges === 0;
  const expected =
    signal === "SIGKILL" ? (point.parks && isUnknown ? "unconfirmed" : "completed") : "completed";
  const isTooLate =
    signal === "SIGSTOP" && point.mayParkFrozen === true && isUnknown && phase === "unconfirmed";
  const problem = phase === expected || isTooLate ? null : `${phase} instead of ${expected}`;
  return { point: point.name, signal, callbacks, phase, charges, problem };
}
