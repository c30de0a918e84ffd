import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { CopyFacts, CopyHistory } from "./copy-lines.ts";

type Kept = Omit<CopyHistory, "facts" | "hands">;

export type CopyFolder = {
  path: string;
  /** Where each hand writes its own lines. */
  handsPath: string;
  /** Where the hands' own logs go, for people. */
  logsPath: string;
  append<Name extends keyof Kept>(name: Name, ...lines: Kept[Name]): void;
  writeFacts(facts: CopyFacts): void;
};

/** An empty folder for one run; what an earlier one left there is removed. */
export function createCopyFolder(path: string): CopyFolder {
  const handsPath = join(path, "hands");
  rmSync(path, { recursive: true, force: true });
  const logsPath = join(path, "logs");
  for (const folder of [handsPath, logsPath]) mkdirSync(folder, { recursive: true });
  return {
    path,
    handsPath,
    logsPath,
    append(name, ...lines) {
      appendFileSync(join(path, `${name}.ndjson`), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    },
    writeFacts: (facts) => writeFileSync(join(path, "run.json"), `${JSON.stringify(facts, null, 2)}\n`),
  };
}

export function isCopyFolder(path: string): boolean {
  return existsSync(join(path, "files.ndjson"));
}

export function readCopyHistory(path: string): CopyHistory {
  const list = <Name extends keyof Kept>(name: Name): Kept[Name] =>
    readLines(join(path, `${name}.ndjson`)) as Kept[Name];
  return {
    facts: JSON.parse(readFileSync(join(path, "run.json"), "utf8")) as CopyFacts,
    files: list("files"),
    objects: list("objects"),
    bucket: list("bucket"),
    weather: list("weather"),
    deaths: list("deaths"),
    hands: readdirSync(join(path, "hands")).flatMap(
      (file) => readLines(join(path, "hands", file)) as CopyHistory["hands"],
    ),
  };
}

/** A file that nobody wrote is an empty list. The last line of a killed hand may be torn; it is left out. */
function readLines(path: string): unknown[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}
