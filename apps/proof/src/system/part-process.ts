import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { untilTrue } from "@rushes/test-rig";
import { writeArms, type Arms } from "../inside/arm.ts";

export const ROOT = join(import.meta.dirname, "../../../..");

export type PartProcess = {
  /** Lets it strike itself at a point, once; see `stop-at-points.ts`. */
  arm(arms: Arms): void;
  /** Of this start; no other start has it. */
  name: string;
  isRunning(): boolean;
  /** It runs, and has said that it has started. */
  isReady(): boolean;
  isFrozen(): boolean;
  /** SIGSTOP and SIGCONT. */
  freeze(): void;
  thaw(): void;
  /** Sends SIGKILL, and resolves when the process is gone. */
  kill(): Promise<void>;
  /** What it has logged so far. */
  readLog(): string;
  /** Resolves when its log says so; rejects when the process ends first. */
  untilLogged(words: string): Promise<void>;
};

export type PartOptions = {
  name: string;
  /** The program, from the root of the project. */
  main: string;
  environment: Readonly<Record<string, string>>;
  logsPath: string;
  /** What the preload is told beyond where to write its steps. */
  inside?: Readonly<Record<string, string>>;
  stepsPath: string;
};

const PRELOAD = join(import.meta.dirname, "../inside/preload.ts");

/** A runner that ends early must not leave processes behind. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A loaded machine may take long to start a process; nothing depends on how long. */
const START_MS = 300_000;

/**
 * Starts one process of the system under test from its sources. Its log goes straight into a file: the runner must not be
 * the bottleneck of what it watches.
 */
export function startPart({
  name,
  main,
  environment,
  logsPath,
  stepsPath,
  inside,
}: PartOptions): PartProcess {
  const armsPath = join(logsPath, `${name}.arms`);
  const logPath = join(logsPath, `${name}.log`);
  const log = openSync(logPath, "a");
  const child: ChildProcess = spawn(
    process.execPath,
    ["--conditions=source", "--import", PRELOAD, join(ROOT, main)],
    {
      cwd: ROOT,
      env: {
        ...environment,
        PROOF_NAME: name,
        PROOF_STEPS: join(stepsPath, `${name}.ndjson`),
        PROOF_ARMS: armsPath,
        ...inside,
      },
      stdio: ["ignore", log, log],
    },
  );
  closeSync(log);
  running.add(child);
  child.once("exit", () => running.delete(child));
  let isFrozen = false;
  let hasStarted = false;

  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const readLog = (): string => readFileSync(logPath, "utf8");
  return {
    name,
    arm: (arms) => writeArms(armsPath, arms),
    isRunning,
    isReady() {
      hasStarted ||= readLog().includes("has started");
      return hasStarted && isRunning();
    },
    isFrozen: () => isFrozen,
    freeze() {
      isFrozen = child.kill("SIGSTOP");
    },
    thaw() {
      child.kill("SIGCONT");
      isFrozen = false;
    },
    async kill() {
      if (!isRunning()) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
      isFrozen = false;
    },
    readLog,
    async untilLogged(words) {
      await untilTrue(() => readLog().includes(words) || !isRunning() || readLog().slice(-500), {
        timeoutMs: START_MS,
        everyMs: 30,
      });
      if (!readLog().includes(words)) throw new Error(`${name} ended:\n${readLog().slice(-2000)}`);
    },
  };
}
