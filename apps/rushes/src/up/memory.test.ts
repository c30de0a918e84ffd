import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openMemory } from "./memory.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rushes-memory-"));
  path = join(folder, "up.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("what is set is there for the next start, what is set to undefined is forgotten", () => {
  openMemory(path).set({ ports: { redis: 1 }, sample: { idempotencyKey: "k", id: "vid_1" } });
  const second = openMemory(path);
  expect(second.get()).toEqual({ ports: { redis: 1 }, sample: { idempotencyKey: "k", id: "vid_1" } });
  second.set({ sample: undefined });
  expect(openMemory(path).get()).toEqual({ ports: { redis: 1 } });
});

test("a file that cannot be read is an empty memory", () => {
  for (const text of ["", "{", '{"ports":[]}']) {
    writeFileSync(path, text);
    expect(openMemory(path).get()).toEqual({ ports: {} });
  }
});

test("nobody else may read it, for it holds a password", () => {
  openMemory(path).set({ board: { password: "p", user: "u" } });
  expect(statSync(path).mode & 0o077).toBe(0);
});
