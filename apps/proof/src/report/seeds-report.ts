import type { Verdict } from "../checker/check-folder.ts";
import { percentile } from "../checker/figures.ts";
import { textTable } from "./text-table.ts";

/** What the runs must show. */
export type Goal = { name: string; wanted: string; seen: string; isMet: boolean };

const TAKEOVER_GOAL_MS = 15_000;
const PARKED_GOAL = 0.03;

type Numbered = {
  [Name in keyof Verdict["figures"]]: Verdict["figures"][Name] extends number ? Name : never;
};
type CountName = Numbered[keyof Numbered];

const sum = (verdicts: readonly Verdict[], name: CountName): number =>
  verdicts.reduce((total, { figures }) => total + figures[name], 0);

const faultsOf = ({ figures }: Verdict): number =>
  Object.values(figures.faults).reduce<number>((total, count) => total + (count ?? 0), 0);

const percent = (part: number, whole: number): string =>
  whole === 0 ? "–" : `${((100 * part) / whole).toFixed(2)} %`;

export function modeOf({ facts }: Verdict): string {
  if (facts.callbacks === "off") return "no callbacks";
  return facts.callbackDropShare === 0 ? "callbacks, none dropped" : "callbacks, 10 % dropped";
}

/** The three tables of a run over many seeds: by mode, by fault, and what was to be shown. */
export function seedsReport(verdicts: readonly Verdict[]): { text: string; goals: Goal[] } {
  const goals = goalsOf(verdicts);
  const text = [
    modeTable(verdicts),
    "",
    faultTable(verdicts),
    "",
    textTable(
      ["what is shown", "wanted", "seen", ""],
      goals.map(({ name, wanted, seen, isMet }) => [name, wanted, seen, isMet ? "yes" : "NO"]),
    ),
  ].join("\n");
  return { text, goals };
}

function modeTable(verdicts: readonly Verdict[]): string {
  const groups: (readonly [string, readonly Verdict[]])[] = [
    ...Map.groupBy(verdicts, modeOf),
    ["all", verdicts],
  ];
  return textTable(
    [
      ...["mode", "seeds", "orders", "faults", "charges", "doubled", "unaccounted"],
      ...["answers lost", "parked", "of them charged", "takeover p50 / p99"],
    ],
    groups.map(([mode, group]) => {
      const orders = sum(group, "acknowledged");
      const takeovers = group.flatMap(({ figures }) => figures.takeoverMs);
      return [
        mode,
        group.length,
        orders,
        group.map(faultsOf).reduce((total, count) => total + count, 0),
        sum(group, "charges"),
        sum(group, "doubled"),
        sum(group, "unaccounted"),
        percent(sum(group, "doubtful"), orders),
        percent(sum(group, "parked"), orders),
        percent(sum(group, "parkedCharged"), orders),
        `${seconds(percentile(takeovers, 0.5))} / ${seconds(percentile(takeovers, 0.99))} (${takeovers.length})`,
      ];
    }),
  );
}

function faultTable(verdicts: readonly Verdict[]): string {
  const counts = new Map<string, number>();
  for (const { figures } of verdicts) {
    for (const [kind, count] of Object.entries(figures.faults)) {
      counts.set(kind, (counts.get(kind) ?? 0) + (count ?? 0));
    }
  }
  const rows = [...counts].toSorted(([, a], [, b]) => b - a);
  return textTable(
    ["fault", "times"],
    [...rows, ["all", rows.reduce((total, [, count]) => total + count, 0)]],
  );
}

function goalsOf(verdicts: readonly Verdict[]): Goal[] {
  const orders = sum(verdicts, "acknowledged");
  const findings = verdicts.reduce((total, verdict) => total + verdict.findings.length, 0);
  const byMode = Map.groupBy(verdicts, modeOf);
  const dropped = byMode.get("callbacks, 10 % dropped") ?? [];
  const delivered = byMode.get("callbacks, none dropped") ?? [];
  const takeoverMs = percentile(
    verdicts.flatMap(({ figures }) => figures.takeoverMs),
    0.99,
  );
  const parkedShare = sum(dropped, "parked") / Math.max(1, sum(dropped, "acknowledged"));
  const overshoot = Math.max(0, ...verdicts.map(({ figures }) => figures.overshootMicros));
  const zero = (name: string, seen: number): Goal => ({
    ...{ name, wanted: "0", seen: String(seen), isMet: seen === 0 },
  });
  return [
    zero(`orders of ${orders} charged too often`, sum(verdicts, "doubled")),
    zero(`orders of ${orders} lost or dropped`, sum(verdicts, "unaccounted")),
    zero("findings of the checker, of any kind", findings),
    zero("orders of dead workers that nobody took up", sum(verdicts, "abandoned")),
    {
      ...{ name: "takeover of a dead worker's order, p99", wanted: `${TAKEOVER_GOAL_MS / 1000} s at most` },
      ...{ seen: seconds(takeoverMs), isMet: takeoverMs <= TAKEOVER_GOAL_MS },
    },
    {
      ...{ name: "budget passed by", wanted: "$0.00", seen: `$${(overshoot / 1e6).toFixed(2)}` },
      isMet: overshoot === 0,
    },
    {
      ...{ name: "parked, 10 % of callbacks dropped", wanted: "3 % at most" },
      ...{
        seen: percent(sum(dropped, "parked"), sum(dropped, "acknowledged")),
        isMet: parkedShare <= PARKED_GOAL,
      },
    },
    zero("charged and parked, no callback dropped", sum(delivered, "parkedCharged")),
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** One line for a seed that is done. */
export function seedLine(verdict: Verdict): string {
  const { facts, figures, findings } = verdict;
  const drain =
    facts.drainedAt === null ? "never drained" : `drained in ${seconds(facts.drainedAt - facts.calmAt)}`;
  return [
    `seed ${facts.seed}, ${modeOf(verdict)}: ${figures.acknowledged} orders, ${faultsOf(verdict)} faults`,
    `${figures.doubled} doubled, ${figures.unaccounted} unaccounted`,
    `${figures.doubtful} answers lost, ${figures.parked} parked (${figures.parkedCharged} charged)`,
    `takeover p99 ${seconds(percentile(figures.takeoverMs, 0.99))}`,
    drain,
    `${findings.length} findings`,
  ].join("; ");
}

/** The findings themselves, few enough to read. */
export function findingLines({ facts, path, findings }: Verdict): string[] {
  const most = 20;
  return [
    ...findings
      .slice(0, most)
      .map(({ invariant, about, says }) => `  ${facts.name}: ${invariant}: ${about}: ${says}`),
    ...(findings.length > most ? [`  … and ${findings.length - most} more`] : []),
    ...(findings.length > 0 ? [`  histories in ${path}`] : []),
  ];
}
