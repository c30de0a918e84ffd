import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type {
  ChargeLine,
  FaultLine,
  ObjectLine,
  OrderLine,
  RecordLine,
  RunFacts,
  StepLine,
  TaskLine,
} from "./history-lines.ts";

/** Which lines are in which file. */
type Lines = {
  orders: OrderLine;
  bill: ChargeLine;
  tasks: TaskLine;
  objects: ObjectLine;
  faults: FaultLine;
  records: RecordLine;
};

export type HistoryFolder = {
  path: string;
  /** Where the watched processes write their steps, one file each. */
  stepsPath: string;
  /** Where the processes' own logs go, for people. */
  logsPath: string;
  append<Name extends keyof Lines>(name: Name, ...lines: readonly Lines[Name][]): void;
  /** Lines appended so far. */
  count(name: keyof Lines): number;
  writeFacts(facts: RunFacts): void;
};

/** An empty folder for one run; what an earlier one left there is removed. Lines are written at once, so what was seen survives whatever ends the runner. */
export function createHistoryFolder(path: string): HistoryFolder {
  const stepsPath = join(path, "steps");
  const logsPath = join(path, "logs");
  rmSync(path, { recursive: true, force: true });
  for (const folder of [path, stepsPath, logsPath]) mkdirSync(folder, { recursive: true });
  const counts = new Map<keyof Lines, number>();
  return {
    path,
    stepsPath,
    logsPath,
    append(name, ...lines) {
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
      appendFileSync(join(path, `${name}.ndjson`), text);
      counts.set(name, (counts.get(name) ?? 0) + lines.length);
    },
    count: (name) => counts.get(name) ?? 0,
    writeFacts: (facts) => writeFileSync(join(path, "run.json"), `${JSON.stringify(facts, null, 2)}\n`),
  };
}

export type History = { facts: RunFacts; steps: StepLine[] } & { [Name in keyof Lines]: Lines[Name][] };

/** Everything that the witnesses of a run have written. Throws where the folder is no history. */
export function readHistory(path: string): History {
  const list = <Name extends keyof Lines>(name: Name): Lines[Name][] =>
    readLines<Lines[Name]>(join(path, `${name}.ndjson`));
  return {
    facts: JSON.parse(readFileSync(join(path, "run.json"), "utf8")) as RunFacts,
    orders: list("orders"),
    bill: list("bill"),
    tasks: list("tasks"),
    objects: list("objects"),
    faults: list("faults"),
    records: list("records"),
    steps: readSteps(join(path, "steps")),
  };
}

/** The steps of all processes so far, in order of time. */
export function readSteps(stepsPath: string): StepLine[] {
  return readdirSync(stepsPath)
    .flatMap((name) => readLines<StepLine>(join(stepsPath, name)))
    .toSorted((a, b) => a.at - b.at);
}

/** A file that nobody wrote is an empty list. The last line of a killed process may be torn; it is left out. */
function readLines<Line>(path: string): Line[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}
