import { textTable } from "../report/text-table.ts";
import { COPY_INVARIANTS, killedHands, nameOfKey, type CopyInvariant } from "./check-copies.ts";
import type { CopiesVerdict } from "./run-copies.ts";

const INVARIANTS = Object.keys(COPY_INVARIANTS) as CopyInvariant[];

/** The store and the control, side by side: what was done to them, and what the checker found. */
export function copiesReport(verdicts: readonly CopiesVerdict[]): string {
  const rows: [title: string, read: (verdict: CopiesVerdict) => string | number][] = [
    ["files", ({ history }) => history.files.length],
    ["of these unfit for good", ({ history }) => history.files.filter(({ flaw }) => flaw !== null).length],
    ["downloads, and faults in them", (verdict) => weatherOf(verdict, "download")],
    ["calls of the bucket, and faults in them", (verdict) => weatherOf(verdict, "bucket")],
    ["hands killed in the middle of an upload", ({ history }) => deathsOf(history, "killed")],
    ["hands that ended by themselves", ({ history }) => deathsOf(history, "by-itself")],
    ["tries", ({ history }) => history.hands.filter(({ event }) => event === "begins").length],
    ["files that were copied more than once", ({ history }) => copiedAgain(history)],
    [
      "keys that somebody else had taken",
      ({ history }) => history.bucket.filter(({ event }) => event === "planted").length,
    ],
    ["uploads of killed hands left under such keys", ({ history }) => leftByKilled(history)],
    ["seconds", ({ history }) => history.facts.seconds],
    ...INVARIANTS.map((invariant): [string, (verdict: CopiesVerdict) => number] => [
      `**${invariant}**`,
      ({ findings }) => findings.filter((finding) => finding.invariant === invariant).length,
    ]),
  ];
  return textTable(
    ["copies", ...verdicts.map(({ history }) => history.facts.name)],
    rows.map(([title, read]) => [title, ...verdicts.map(read)]),
  );
}

/** How often each fault was served to the store. */
export function copyFaultsReport({ history }: CopiesVerdict): string {
  return textTable(
    ["side", "fault", "times"],
    history.weather.flatMap(({ side, faults }) =>
      Object.entries(faults)
        .toSorted(([, a], [, b]) => b - a)
        .map(([fault, times]) => [side, fault, times]),
    ),
  );
}

function weatherOf({ history }: CopiesVerdict, side: "download" | "bucket"): string {
  const line = history.weather.find((one) => one.side === side);
  const faults = Object.values(line?.faults ?? {}).reduce((sum, times) => sum + times, 0);
  return `${line?.requests ?? 0}, ${faults} (${((100 * faults) / Math.max(1, line?.requests ?? 0)).toFixed(0)} %)`;
}

function deathsOf(history: CopiesVerdict["history"], how: "killed" | "by-itself"): number {
  return history.deaths.filter((death) => death.how === how).length;
}

function leftByKilled(history: CopiesVerdict["history"]): number {
  const killed = killedHands(history);
  const planted = new Set(history.bucket.flatMap((line) => (line.event === "planted" ? [line.key] : [])));
  return history.bucket.filter(
    (line) => line.event === "upload-open" && killed.has(line.by) && planted.has(line.key),
  ).length;
}

function copiedAgain(history: CopiesVerdict["history"]): number {
  const stored = history.hands.filter(({ event }) => event === "stored");
  return [...Map.groupBy(stored, ({ name }) => nameOfKey(name)).values()].filter(({ length }) => length > 1)
    .length;
}
