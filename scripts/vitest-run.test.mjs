import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { runVitest } from "./vitest-run.mjs";

let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "rushes-run-"));
  mkdirSync(join(root, "node_modules/vitest"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

/** Puts a program in vitest's place; `report` is where it should leave its report. */
function standIn(source) {
  const head = [
    'import { spawn } from "node:child_process";',
    'import { writeFileSync } from "node:fs";',
    'const report = process.argv.find((arg) => arg.startsWith("--outputFile.json=")).split("=")[1];',
    'const write = (...results) => writeFileSync(report, JSON.stringify({ testResults: [{ status: "",',
    "  assertionResults: results.map((status) => ({ status })) }] }));",
  ];
  writeFileSync(join(root, "node_modules/vitest/vitest.mjs"), [...head, source].join("\n"));
}

const env = { ...process.env };

test("the counts come from the report of the run", async () => {
  standIn('write("passed", "passed", "failed", "pending"); process.exitCode = 1;');
  expect(await runVitest(root, { env })).toEqual({ passed: 2, failed: 1, skipped: 1 });
});

test("a run that dies before its report is a failure", async () => {
  standIn("process.kill(process.pid, 'SIGKILL');");
  expect(await runVitest(root, { env })).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("a run beyond its time is ended, with everything it has started, and is a failure", async () => {
  const pidFile = join(root, "pid");
  standIn(`
    writeFileSync(${JSON.stringify(pidFile)}, String(spawn("sleep", ["600"]).pid));
    setInterval(() => {}, 1000);
  `);
  const limit = new AbortController();
  const counts = runVitest(root, { env, limit: limit.signal });
  await vi.waitUntil(() => existsSync(pidFile), { timeout: 20_000 });
  limit.abort();
  expect(await counts).toEqual({ passed: 0, failed: 1, skipped: 0 });
  const pid = Number(readFileSync(pidFile, "utf8"));
  await vi.waitUntil(() => !isAlive(pid), { timeout: 20_000 });
});

test("arguments go to vitest", async () => {
  standIn('write(process.argv.at(-1) === "only-this" ? "passed" : "failed");');
  expect(await runVitest(root, { env, args: ["only-this"] })).toEqual({ passed: 1, failed: 0, skipped: 0 });
});

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
