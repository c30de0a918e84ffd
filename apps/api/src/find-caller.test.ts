import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { CallerKey } from "./caller.ts";
import { findCaller } from "./find-caller.ts";

const keyOf = (name: string, key: string, isAdmin = false): CallerKey => ({
  name,
  isAdmin,
  keyHash: createHash("sha256").update(key).digest(),
});
const KEYS = [keyOf("anna", "key-a"), keyOf("ben", "key-b"), keyOf("ops", "key-o", true)];

test("a key finds its caller, wherever it stands in the list", () => {
  expect(findCaller("Bearer key-a", KEYS)).toEqual({ name: "anna", isAdmin: false });
  expect(findCaller("bearer  key-b", KEYS)).toEqual({ name: "ben", isAdmin: false });
  expect(findCaller("Bearer key-o", KEYS)).toEqual({ name: "ops", isAdmin: true });
});

test("what is found does not carry the hash along", () => {
  expect(findCaller("Bearer key-a", KEYS)).not.toHaveProperty("keyHash");
});

test.each([undefined, "", "Bearer", "Bearer ", "key-a", "Basic key-a", "Bearer key-c", "Bearer key-a key-a"])(
  "%j finds nobody",
  (authorization) => {
    expect(findCaller(authorization, KEYS)).toBeNull();
  },
);

test("among no keys nobody is found", () => {
  expect(findCaller("Bearer key-a", [])).toBeNull();
});
