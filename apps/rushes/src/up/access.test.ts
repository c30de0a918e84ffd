import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { apiAccess, boardLogin, webhookSigning } from "./access.ts";
import type { Memory, MemoryFile } from "./memory.ts";

function memoryFile(): MemoryFile {
  let memory: Memory = { ports: {} };
  return { get: () => memory, set: (change) => (memory = { ...memory, ...change } as Memory) };
}

test("where callers are listed, a key of our own is added and the others stay", () => {
  const { apiKeys, key } = apiAccess("shop:aaaa");
  const hash = createHash("sha256").update(String(key)).digest("hex");
  expect(apiKeys).toBe(`shop:aaaa,rushes-up:${hash}:admin`);
});

test("where everyone is let in, it stays so", () => {
  expect(apiAccess(undefined)).toEqual({ apiKeys: undefined, key: undefined });
});

test("the board's password is made up once and kept, and the board is told only its hash", async () => {
  const memory = memoryFile();
  const made: string[] = [];
  const makeUser = async (name: string, password: string) => {
    made.push(password);
    return `${name}:admin:hashed`;
  };
  const first = await boardLogin(undefined, memory, makeUser);
  expect(first).toEqual({ boardUsers: "operator:admin:hashed", words: `name operator, password ${made[0]}` });
  expect(await boardLogin(undefined, memory, makeUser)).toEqual(first);
  expect(made).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
});

test("logins that are set are passed on, and nothing of them is shown", async () => {
  const { boardUsers, words } = await boardLogin("me:admin:hash", memoryFile(), () =>
    Promise.reject(new Error()),
  );
  expect(boardUsers).toBe("me:admin:hash");
  expect(words).not.toContain("hash");
});

test("the secret of webhooks is made up once, kept and shown", () => {
  const memory = memoryFile();
  const first = webhookSigning(undefined, memory);
  expect(first.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(first.words).toBe(first.secret);
  expect(webhookSigning(undefined, memory)).toEqual(first);
  expect(webhookSigning(undefined, memoryFile()).secret).not.toBe(first.secret);
});

test("a secret that is set stays where it is, and nothing of it is shown", () => {
  expect(webhookSigning("whsec_mine", memoryFile())).toEqual({ secret: undefined, words: "WEBHOOK_SECRET" });
});
