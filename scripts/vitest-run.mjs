import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { forwardSignals } from "./run-command.mjs";
import { countTests } from "./test-count.mjs";

/** How long vitest may take to end after it was asked to. */
const GRACE_MS = 5_000;

/**
 * Runs vitest with its progress shown, and counts what it ran.
 *
 * @param {string} root
 * @param {{ env: NodeJS.ProcessEnv, args?: string[], limit?: AbortSignal }} options `limit`: when it fires the run is
 *   ended and counts as failed
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
export async function runVitest(root, { env, args = [], limit }) {
  const reportFolder = mkdtempSync(join(tmpdir(), "rushes-vitest-"));
  const reportPath = join(reportFolder, "report.json");
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportPath}`];
  // A group of its own, so that workers and whatever tests have started can be ended together.
  const child = spawn("node", [vitest, "run", ...reporters, ...args], {
    cwd: root,
    env,
    detached: true,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const end = (signal) => killGroup(child.pid, signal);
  let timer;
  const endSoon = (signal) => {
    end(signal);
    timer ??= setTimeout(end, GRACE_MS, "SIGKILL");
  };
  let interrupted = false;
  const stopForwarding = forwardSignals((signal) => {
    interrupted = true;
    endSoon(signal);
  });
  const giveUp = () => {
    console.log("The time limit is reached; ending the tests.");
    endSoon("SIGTERM");
  };
  limit?.addEventListener("abort", giveUp, { once: true });
  if (limit?.aborted) giveUp();
  const code = await new Promise((resolve) => {
    child.once("error", () => resolve(127));
    child.once("exit", resolve);
  });
  clearTimeout(timer);
  limit?.removeEventListener("abort", giveUp);
  stopForwarding();
  end("SIGKILL");
  const counts = countTests(readReport(reportPath), code);
  rmSync(reportFolder, { recursive: true });
  if (interrupted) process.exit(130);
  return counts;
}

/**
 * @param {number | undefined} pid of the group's leader
 * @param {NodeJS.Signals} signal
 */
function killGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in the group, which is what was wanted.
  }
}

/** @param {string} path */
function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}
