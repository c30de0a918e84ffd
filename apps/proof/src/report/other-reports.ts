import type { Verdict } from "../checker/check-folder.ts";
import type { MutantRow } from "../mutants/run-mutants.ts";
import type { PointsResult } from "../points/run-points.ts";
import { textTable } from "./text-table.ts";

/** Each point in a row: how the order ended that was struck there. */
export function pointsReport({ rows }: PointsResult): string {
  const ofPoint = Map.groupBy(rows, ({ point }) => point);
  const end = (group: PointsResult["rows"], signal: string, callbacks: string): string => {
    const row = group.find((candidate) => candidate.signal === signal && candidate.callbacks === callbacks);
    if (!row) return "";
    return `${row.phase}, ${row.charges === 1 ? "1 charge" : `${row.charges} charges`}${row.problem ? " WRONG" : ""}`;
  };
  return textTable(
    ["point", "killed", "frozen", "killed, with callbacks", "frozen, with callbacks"],
    [...ofPoint].map(([point, group]) => [
      point,
      end(group, "SIGKILL", "off"),
      end(group, "SIGSTOP", "off"),
      end(group, "SIGKILL", "on"),
      end(group, "SIGSTOP", "on"),
    ]),
  );
}

export function mutantsReport(rows: readonly MutantRow[]): string {
  return textTable(
    ["mutant", "what is missing", "invariants that caught it", ""],
    rows.map(({ mutant, means, caughtBy, problem }) => [
      mutant,
      means,
      caughtBy.join(", ") || "–",
      problem ?? "as expected",
    ]),
  );
}

export function controlReport({ figures }: Verdict): string {
  const { acknowledged, charges, doubled } = figures;
  const share = ((100 * doubled) / Math.max(1, acknowledged)).toFixed(1);
  return textTable(
    ["plain BullMQ", "orders", "charges", "orders charged too often"],
    [["control", acknowledged, charges, `${doubled} (${share} %)`]],
  );
}
