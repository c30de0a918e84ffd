import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv } from "node:process";
import { checkFolder } from "./checker/check-folder.ts";
import { runControl } from "./control/run-control.ts";
import { isCopyFolder } from "./copies/copy-folder.ts";
import { copiesReport, copyFaultsReport } from "./copies/copies-report.ts";
import { checkCopyFolder, runCopies } from "./copies/run-copies.ts";
import { runMutants } from "./mutants/run-mutants.ts";
import { allScenarios, runPoints } from "./points/run-points.ts";
import { readProofOptions, USAGE, type ProofOptions, type ProofPart } from "./proof-options.ts";
import { controlReport, mutantsReport, pointsReport } from "./report/other-reports.ts";
import { findingLines, seedLine, seedsReport } from "./report/seeds-report.ts";
import { openBottomLine } from "./report/bottom-line.ts";
import { runSeeds } from "./run-seeds.ts";
import { ROOT } from "./system/part-process.ts";

/** `pnpm prove`: see `USAGE`, and the README for what it shows. Exit code 1 when anything is not as it must be. */
const terminal = openBottomLine(process.stdout);
const { say } = terminal;
const reports: string[] = [];

function report(title: string, text: string): void {
  reports.push(`## ${title}\n\n${text}\n`);
  say(`\n${title}\n\n${text}`);
}

/** Each part runs, reports, and answers whether all was as it must be. */
const RUN: Record<ProofPart, (options: ProofOptions) => Promise<boolean>> = {
  async seeds(options) {
    const { seeds, orders, faults } = options;
    say(`${seeds.length} seeds (${seeds.join(", ")}), each ${orders} orders and ${faults} faults`);
    const verdicts = await runSeeds(options, {
      done(verdict) {
        say(seedLine(verdict));
        for (const line of findingLines(verdict)) say(line);
      },
      progress: (running) =>
        terminal.progress(running.map(({ seed, doing }) => `seed ${seed}: ${doing}`).join(" · ")),
    });
    const { text, goals } = seedsReport(verdicts);
    report(`Seeds ${seeds.join(", ")}`, text);
    return goals.every(({ isMet }) => isMet);
  },

  async points({ parallel, out }) {
    const scenarios = allScenarios();
    let done = 0;
    const onRow = (row: string): void =>
      terminal.progress(`point ${(done += 1)}/${scenarios.length}: ${row}`);
    const result = await runPoints(scenarios, { lanes: parallel * 2, out, onRow });
    for (const line of result.verdicts.flatMap(findingLines)) say(line);
    report("Named points", pointsReport(result));
    return (
      result.rows.every(({ problem }) => problem === null) &&
      result.verdicts.every(({ findings }) => findings.length === 0)
    );
  },

  async control({ out, workers }) {
    const verdict = await runControl({ seed: 1, orders: 100, faults: 40, workers, out });
    report("Plain BullMQ under the same faults, which must fail", controlReport(verdict));
    return verdict.figures.doubled > 0;
  },

  async mutants({ parallel, out }) {
    const rows = await runMutants({ lanes: parallel, out, beside: true });
    report("Mutants, each of which must be caught", mutantsReport(rows));
    return rows.every(({ problem }) => problem === null);
  },

  async archive({ seeds, copies, out }) {
    const alike = { seed: seeds[0] ?? 1, hands: 3, out };
    const tell = (words: string): void => terminal.progress(words);
    const verdict = await runCopies(
      { ...alike, contender: "rushes", copies, kills: Math.ceil(copies / 100) },
      tell,
    );
    for (const line of copyFindingLines(verdict)) say(line);
    // Without checks a fraction of the files is enough to see.
    const plain = await runCopies(
      { ...alike, contender: "plain", copies: Math.max(100, Math.ceil(copies / 10)), kills: 2 },
      tell,
    );
    report("Copies into the bucket", copiesReport([verdict, plain]));
    report("What was done to the store's copies", copyFaultsReport(verdict));
    return verdict.findings.length === 0 && plain.findings.some(({ invariant }) => invariant === "corrupt");
  },
};

async function prove(options: ProofOptions): Promise<boolean> {
  mkdirSync(options.out, { recursive: true });
  say(`Histories go to ${options.out}`);
  let isProven = true;
  for (const part of options.parts) {
    const isRight = await RUN[part](options);
    terminal.endProgress();
    if (!isRight) say(`${part}: NOT as it must be`);
    isProven &&= isRight;
  }
  writeFileSync(join(options.out, "report.md"), reports.join("\n"));
  say(`\n${isProven ? "Everything is as it must be." : "Not everything is as it must be."}`);
  return isProven;
}

function copyFindingLines({
  findings,
}: {
  findings: readonly { invariant: string; about: string; says: string }[];
}): string[] {
  return findings.map(({ invariant, about, says }) => `${invariant}: ${about}: ${says}`);
}

function check(path: string): boolean {
  if (isCopyFolder(path)) {
    const verdict = checkCopyFolder(path);
    say(copiesReport([verdict]));
    for (const line of copyFindingLines(verdict)) say(line);
    return verdict.findings.length === 0;
  }
  const verdict = checkFolder(path);
  say(seedLine(verdict));
  for (const { invariant, about, says } of verdict.findings) say(`${invariant}: ${about}: ${says}`);
  return verdict.findings.length === 0;
}

/** Undefined when what was typed makes no sense. */
function optionsOf(args: readonly string[]): ProofOptions | undefined {
  try {
    return readProofOptions(args, join(ROOT, ".data/proof"));
  } catch (error) {
    say(`${(error as Error).message}\n\n${USAGE}`);
    return undefined;
  }
}

async function run(args: readonly string[]): Promise<number> {
  const [command = "", folder = ""] = args;
  if (command === "help" || command === "--help") {
    say(USAGE);
    return 0;
  }
  if (command === "check") return check(folder) ? 0 : 1;
  const options = optionsOf(args);
  if (!options) return 2;
  return (await prove(options)) ? 0 : 1;
}

// Ending through `exit` takes the processes and servers of the runs along.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

try {
  process.exitCode = await run(argv.slice(2));
} catch (error) {
  // Whatever else still runs is ended with this process.
  say(`\nThe run broke off: ${(error as Error).stack ?? String(error)}`);
  process.exit(1);
}
