import { readFileSync, rmSync, writeFileSync } from "node:fs";

export type StrikeSignal = "SIGKILL" | "SIGSTOP";

/** What a running process is told to do to itself, once: the file beside its steps says so, until it has struck. */
export type Arms = { point: string; signal: StrikeSignal };

export function writeArms(path: string, arms: Arms): void {
  writeFileSync(path, JSON.stringify(arms));
}

/** Undefined while nothing is to be done. */
export function readArms(path: string): Arms | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Arms;
  } catch {
    return undefined;
  }
}

export function removeArms(path: string): void {
  rmSync(path, { force: true });
}
