import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FolderTaken, takeFolder } from "./folder-lock.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rushes-lock-"));
  path = join(folder, "deeper/up.lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a folder that a living process holds is refused, with its number, until it is released", () => {
  const release = takeFolder(path, process.pid);
  expect(() => takeFolder(path, process.ppid)).toThrow(FolderTaken);
  expect(() => takeFolder(path, process.ppid)).toThrow(`process ${process.pid}`);
  release();
  expect(existsSync(path)).toBe(false);
  takeFolder(path, process.ppid);
});

test("a lock whose process is gone is taken over", () => {
  takeFolder(path, process.pid);
  const left = JSON.parse(readFileSync(path, "utf8")) as object;
  // Above the largest number Linux gives out.
  writeFileSync(path, JSON.stringify({ ...left, pid: 2 ** 30 }));
  takeFolder(path, process.pid);
  expect(readFileSync(path, "utf8")).toContain(`"pid":${process.pid}`);
});

test("a lock whose number another process has got since is taken over", () => {
  takeFolder(path, process.pid);
  writeFileSync(path, JSON.stringify({ pid: process.pid, begun: "in another life" }));
  expect(() => takeFolder(path, process.ppid)).not.toThrow();
});

test("a lock file that cannot be read locks nobody out", () => {
  takeFolder(path, process.pid);
  writeFileSync(path, "");
  expect(() => takeFolder(path, process.pid)).not.toThrow();
});
