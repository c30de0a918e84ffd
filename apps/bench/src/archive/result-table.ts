import { median } from "../quantile.ts";
import { CONTENDERS, type ContenderName } from "./client-messages.ts";
import type { CopyingRound, Wire } from "./measure-copying.ts";
import type { CutRow } from "./measure-cuts.ts";
import { PARALLEL, type MemoryRow } from "./measure-memory.ts";
import type { CutBy } from "./result-origin.ts";

const NAMES: Record<ContenderName, string> = {
  bare: "bare undici GET→PUT",
  rushes: "Rushes",
  "lib-storage": "lib-storage `Upload`",
};
const WIRES: readonly Wire[] = ["plain", "TLS"];
const CUT_NAMES: Record<CutBy, string> = {
  close: "connection closed",
  reset: "reset after all had arrived",
  "reset-at-once": "reset at once",
};
/** What the figures shall be. */
const WANTED = {
  throughputOfBare: 0.8,
  cpuOfBare: 1.3,
  cpuOfLibStorage: 0.5,
  extraMiB: 64,
  againShare: 0.02,
};

const mebibytes = (bytes: number): number => bytes / 1024 ** 2;
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const met = (isMet: boolean): string => (isMet ? "met" : "missed");

type Ratio = (of: CopyingRound["of"], contender: ContenderName) => number;
const throughputOfBare: Ratio = (of, contender) => of[contender].bytesPerSecond / of.bare.bytesPerSecond;
const cpuOfBare: Ratio = (of, contender) => of[contender].cpuSecondsPerGb / of.bare.cpuSecondsPerGb;
const cpuOfLibStorage: Ratio = (of, contender) =>
  of[contender].cpuSecondsPerGb / of["lib-storage"].cpuSecondsPerGb;

/** Speed and processor time: medians over the rounds, of ratios each within its own round. */
export function copyingTable(rounds: readonly CopyingRound[]): string {
  const rows = WIRES.flatMap((wire) =>
    CONTENDERS.map((contender) => {
      const of = rounds.filter((round) => round.wire === wire).map((round) => round.of);
      const ratio = (read: Ratio): string => median(of.map((one) => read(one, contender))).toFixed(2);
      return [
        `${NAMES[contender]}, ${wire}`,
        (median(of.map((one) => one[contender].bytesPerSecond)) / 1e6).toFixed(0),
        median(of.map((one) => one[contender].cpuSecondsPerGb)).toFixed(2),
        ...[throughputOfBare, cpuOfBare, cpuOfLibStorage].map(ratio),
      ];
    }),
  );
  return table(
    ["copying", "MB/s", "CPU s per GB", "speed of bare", "CPU of bare", "CPU of lib-storage"],
    rows,
  );
}

export function memoryTable(rows: readonly MemoryRow[]): string {
  return table(
    ["resident memory", "files of", "MiB idle", "one copy", `${PARALLEL} copies`, "over idle", "over one"],
    rows.map(({ contender, wire, files, idleBytes, oneBytes, manyBytes }) => [
      `${NAMES[contender]}, ${wire}`,
      files,
      ...[idleBytes, oneBytes, manyBytes, manyBytes - idleBytes, manyBytes - oneBytes].map((bytes) =>
        mebibytes(bytes).toFixed(0),
      ),
    ]),
  );
}

export function cutsTable(rows: readonly CutRow[]): string {
  return table(
    ["five cuts in 50 MB", "sent again, median", "worst"],
    rows.map(({ wire, cutBy, again }) => [
      `${CUT_NAMES[cutBy]}, ${wire}`,
      percent(median(again)),
      percent(Math.max(...again)),
    ]),
  );
}

export function copyingVerdict(rounds: readonly CopyingRound[]): string {
  return WIRES.flatMap((wire) => {
    const of = rounds.filter((round) => round.wire === wire).map((round) => round.of);
    const ratio = (read: Ratio): number => median(of.map((one) => read(one, "rushes")));
    const [speed, cpu, ofLibStorage] = [ratio(throughputOfBare), ratio(cpuOfBare), ratio(cpuOfLibStorage)];
    return [
      `${wire}: ${speed.toFixed(2)} of the bare pipe's speed; wanted at least ${WANTED.throughputOfBare}: ${met(speed >= WANTED.throughputOfBare)}`,
      `${wire}: ${cpu.toFixed(2)} of its CPU; wanted at most ${WANTED.cpuOfBare}: ${met(cpu <= WANTED.cpuOfBare)}`,
      `${wire}: ${ofLibStorage.toFixed(2)} of lib-storage's CPU; wanted at most ${WANTED.cpuOfLibStorage}: ${met(ofLibStorage <= WANTED.cpuOfLibStorage)}`,
    ];
  }).join("\n");
}

export function memoryVerdict(rows: readonly MemoryRow[]): string {
  return rows
    .filter(({ contender }) => contender === "rushes")
    .map(({ wire, files, idleBytes, manyBytes }) => {
      const extra = mebibytes(manyBytes - idleBytes);
      return `${wire}, ${files}: ${extra.toFixed(0)} MiB over idle; wanted at most ${WANTED.extraMiB}: ${met(extra <= WANTED.extraMiB)}`;
    })
    .join("\n");
}

export function cutsVerdict(rows: readonly CutRow[]): string {
  return (
    rows
      // What a kernel throws away on its own side was never fetched, and no client can save it.
      .filter(({ cutBy }) => cutBy !== "reset-at-once")
      .map(({ wire, cutBy, again }) => {
        const worst = Math.max(...again);
        return `${wire}, ${CUT_NAMES[cutBy]}: at worst ${percent(worst)} again; wanted at most ${percent(WANTED.againShare)}: ${met(worst <= WANTED.againShare)}`;
      })
      .join("\n")
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join(
    "\n",
  );
}
