import { expect, test } from "vitest";
import { findRedisServer } from "./redis-server.ts";

test("the named program wins over PATH", () => {
  expect(findRedisServer({ RUSHES_REDIS_SERVER: process.execPath, PATH: "/nowhere" })).toBe(process.execPath);
});

test("a named program that cannot be run is refused instead of looking further", () => {
  expect(() => findRedisServer({ RUSHES_REDIS_SERVER: "/nowhere/redis", PATH: process.env["PATH"] })).toThrow(
    "does not name a program",
  );
});

test("without any server the error says what to install", () => {
  expect(() => findRedisServer({ PATH: "/nowhere" })).toThrow("install redis-server");
});
