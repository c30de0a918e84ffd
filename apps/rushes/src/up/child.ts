import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Environment, Part } from "@rushes/lifecycle";

export type ChildOptions = {
  name: string;
  /** A file for Node, and its arguments. */
  program: string;
  args?: readonly string[];
  environment: Environment;
  /** The working directory. */
  root: string;
  /** Output goes to `<name>.log` in here; the one before is kept as `<name>.previous.log`. */
  logFolder: string;
  /** How long it may take to end when asked, before it is killed. */
  graceMs: number;
};

export type Child = Part & {
  logPath: string;
  /** Resolves when the process is gone, with how it ended: `exit code 1`, `signal SIGKILL`. Never rejects. */
  ended: Promise<string>;
  hasEnded(): boolean;
  /** The last lines it wrote. */
  lastLines(count: number): string[];
};

/** Has the same ending as this file, built or not. */
const END_WITH_PARENT = fileURLToPath(
  new URL(`./end-with-parent${extname(import.meta.url)}`, import.meta.url),
);

/**
 * Starts a process of ours. It has a group of its own, so that Ctrl-C in a terminal reaches `up` alone, which then
 * stops its children in order. It writes to its log file directly, so that its last words survive `up`.
 */
export function startChild(options: ChildOptions): Child {
  const { name, logFolder } = options;
  mkdirSync(logFolder, { recursive: true });
  const logPath = join(logFolder, `${name}.log`);
  if (existsSync(logPath)) renameSync(logPath, join(logFolder, `${name}.previous.log`));
  const log = openSync(logPath, "w");
  const nodeArgs = ["--conditions=source", "--import", END_WITH_PARENT, options.program];
  const child = spawn(process.execPath, [...nodeArgs, ...(options.args ?? [])], {
    cwd: options.root,
    env: { ...options.environment },
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);

  let isGone = false;
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  child.once("error", (error) => resolve(error.message));
  child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  void ended.then(() => {
    isGone = true;
    // Whatever the child had started and left behind goes with it.
    return killGroup(child);
  });

  return {
    name,
    logPath,
    ended,
    hasEnded: () => isGone,
    lastLines: (count) => readFileSync(logPath, "utf8").trimEnd().split("\n").slice(-count),
    async stop(overdue) {
      const kill = () => killGroup(child);
      const timer = setTimeout(kill, options.graceMs);
      overdue.addEventListener("abort", kill, { once: true });
      child.kill("SIGTERM");
      await ended;
      clearTimeout(timer);
      overdue.removeEventListener("abort", kill);
    },
  };
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left in the group, which is what was wanted.
  }
}
