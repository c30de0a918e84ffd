import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findFreePort } from "@rushes/test-rig";

/** The parts whose logs tell a process id. The store lives in `up` itself. */
export const PARTS = ["redis", "sandbox", "api", "worker", "board"] as const;
export type PartName = (typeof PARTS)[number];

export type RunningUp = {
  process: ChildProcess;
  /** What it has said so far. */
  output(): string;
  /** Resolves with its exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
};

/** Its memory names ports for the sandbox, so that tests that run side by side do not all want the usual ones. */
export async function makeDataFolder(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "rushes up-"));
  const ports = { sandbox: await findFreePort(), file: await findFreePort() };
  writeFileSync(join(folder, "up.json"), JSON.stringify({ ports }));
  return folder;
}

/** Starts `up` with stand-ins and ports that nobody else uses. */
export function startUp(
  data: string,
  environment: Record<string, string> = {},
  flags: string[] = [],
): RunningUp {
  const program = fileURLToPath(new URL("./stand-ins/up.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", program, data, ...flags], {
    env: { PATH: process.env["PATH"], PORT: "0", HEALTH_PORT: "0", BOARD_PORT: "0", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const hear = (chunk: Buffer) => (output += chunk.toString());
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  return { process: child, output: () => output, ended };
}

/** The process id that a part wrote to its log; undefined before it has. */
export function pidOf(data: string, part: PartName): number | undefined {
  const path = join(data, "logs", `${part}.log`);
  const match = existsSync(path) ? /\bpid=(\d+)/.exec(readFileSync(path, "utf8")) : null;
  return match === null ? undefined : Number(match[1]);
}

/** Which of these processes are alive, by name. */
export function alive(pids: Record<string, number | undefined>): string[] {
  return Object.keys(pids).filter((name) => isAlive(pids[name]));
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
