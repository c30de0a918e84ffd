import { cpus } from "node:os";
import { stderr } from "node:process";
import { measureCopying } from "./measure-copying.ts";
import { measureCuts } from "./measure-cuts.ts";
import { measureMemory } from "./measure-memory.ts";
import { parseOptions, type ArchivePart } from "./options.ts";
import {
  copyingTable,
  copyingVerdict,
  cutsTable,
  cutsVerdict,
  memoryTable,
  memoryVerdict,
} from "./result-table.ts";
import { startStandIns } from "./stand-ins.ts";

/**
 * The store's copy against a bare pipe and against lib-storage, in clear and under TLS: speed, processor time, memory, and
 * what a cut costs. Each client is a process of its own, result host and bucket are one more.
 */
export async function runArchive(args: string[]): Promise<void> {
  const options = parseOptions(args);
  const standIns = await startStandIns();
  const measure: Record<ArchivePart, () => Promise<[table: string, verdict: string]>> = {
    async copying() {
      const rounds = await measureCopying(standIns, options, progressLine);
      return [copyingTable(rounds), copyingVerdict(rounds)];
    },
    async memory() {
      const rows = await measureMemory(standIns, options, progressLine);
      return [memoryTable(rows), memoryVerdict(rows)];
    },
    async cuts() {
      const rows = await measureCuts(standIns, options, progressLine);
      return [cutsTable(rows), cutsVerdict(rows)];
    },
  };
  console.log(
    `${cpus().length} cores; ${options.files} files of 25 MB, ${options.parallel} at a time, ${options.rounds} rounds; memory over ${options.memorySeconds} s; ${options.cutFiles} files cut`,
  );
  try {
    for (const part of options.parts) {
      const [table, verdict] = await measure[part]();
      progressLine("");
      console.log(`\n${table}\n\n${verdict}`);
    }
  } finally {
    await standIns.stop();
  }
}

/** One line that is written over; only where somebody watches. */
function progressLine(line: string): void {
  if (stderr.isTTY) stderr.write(`\r\u001B[K${line}`);
}
