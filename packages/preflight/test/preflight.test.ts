import { Redis, type RedisOptions } from "ioredis";
import { afterEach, describe, expect, test } from "vitest";
import { startTestRedis, untilTrue, type TestRedis, type TestRedisOptions } from "@rushes/test-rig";
import {
  fetchRedisFacts,
  startPreflight,
  type DurabilityDemand,
  type Finding,
  type PreflightOptions,
  type UnsafeSetup,
} from "../src/index.ts";

const EVERYSEC: DurabilityDemand = { durability: "everysec", isConfirmed: false };
const ALWAYS: DurabilityDemand = { durability: "always", isConfirmed: false };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function startRedis(options?: TestRedisOptions): Promise<TestRedis> {
  const server = await startTestRedis(options);
  cleanups.push(() => server.stop());
  return server;
}

function connect(url: string, options: RedisOptions = {}): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20, ...options });
  redis.on("error", () => {});
  cleanups.push(() => redis.disconnect());
  return redis;
}

function watch(redis: Redis, options: Partial<PreflightOptions> = {}) {
  const refused: UnsafeSetup[] = [];
  const lines: { level: string; fields: object; message: string }[] = [];
  const write = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  const preflight = startPreflight({
    redis,
    demand: EVERYSEC,
    log: { info: write("info"), warn: write("warn"), error: write("error") },
    refuse: (problem) => refused.push(problem),
    lookEveryMs: 20,
    lookAgainMs: 20,
    ...options,
  });
  cleanups.push(() => preflight.stop());
  return { ...preflight, refused, lines };
}

describe("what a real Redis says", () => {
  test("its file, its syncing, its eviction, its memory, and its clock, which is this machine's", async () => {
    const server = await startRedis({ appendFsync: "always" });
    const facts = await fetchRedisFacts(connect(server.url), Date.now);
    expect(facts).toMatchObject({
      server: expect.stringMatching(/^(redis|valkey) \d/),
      isReplica: false,
      persistence: { kind: "shown", appendOnly: true, appendFsync: "always", restsDuringRewrite: false },
      appendFails: false,
      eviction: "noeviction",
      memory: { usedBytes: expect.any(Number), maxBytes: 0 },
    });
    expect(facts.version?.length).toBeGreaterThanOrEqual(2);
    expect(Math.abs(facts.clock.aheadMs)).toBeLessThanOrEqual(facts.clock.uncertainMs + 1);
  });

  test("a user who may not read the configuration still learns what INFO tells", async () => {
    const server = await startRedis();
    await connect(server.url).acl("SETUSER", "managed", "on", "nopass", "~*", "&*", "+@all", "-config");
    const managed = connect(server.url, { username: "managed", password: "any" });
    const facts = await fetchRedisFacts(managed, Date.now);
    expect(facts.persistence).toEqual({ kind: "hidden", appendOnly: true });
    expect(facts.eviction).toBe("noeviction");
    const { refused } = watch(managed, { demand: ALWAYS });
    await untilTrue(() => refused.length === 1);
    expect(refused[0]?.message).toContain("REDIS_DURABILITY_CONFIRMED=true");
    await watch(managed, { demand: { ...ALWAYS, isConfirmed: true } }).passed;
  });
});

test("a Redis that keeps the promise passes, and the promise is said", async () => {
  const server = await startRedis();
  const preflight = watch(connect(server.url));
  expect(preflight.isSafe()).toBe(false);
  expect(preflight.obstacles()).toEqual(["preflight"]);
  await preflight.passed;
  expect(preflight.isSafe()).toBe(true);
  expect(preflight.obstacles()).toEqual([]);
  expect(preflight.lines).toEqual([
    expect.objectContaining({
      level: "info",
      message:
        "preflight passed: a power cut of the Redis machine may undo its last second (REDIS_DURABILITY=everysec)",
    }),
  ]);
});

test("one that does not is refused with every problem at once, and never passes", async () => {
  const server = await startRedis();
  const redis = connect(server.url);
  await redis.config("SET", "maxmemory-policy", "allkeys-lru");
  const preflight = watch(redis, { demand: ALWAYS, wallClockMs: () => Date.now() - 60_000 });
  await untilTrue(() => preflight.refused.length > 0);
  expect(preflight.refused.map(({ refusals }) => refusals.map(({ check }) => check))).toEqual([
    ["append-fsync", "eviction", "clock"],
  ]);
  expect(preflight.isSafe()).toBe(false);
  expect(await Promise.race([preflight.passed.then(() => "passed"), redis.ping()])).toBe("PONG");
});

test("no append-only file: warned of with the fix, and let through unless always is demanded", async () => {
  const server = await startRedis({ appendOnly: false });
  const preflight = watch(connect(server.url));
  await preflight.passed;
  expect(preflight.lines).toContainEqual({
    level: "warn",
    fields: expect.objectContaining({ check: "append-only", fix: expect.stringContaining("appendonly yes") }),
    message: "preflight: append-only is not as it should be",
  });
  const { refused } = watch(connect(server.url), { demand: ALWAYS });
  await untilTrue(() => refused.length === 1);
});

test("while Redis is away nothing is refused; it passes when Redis comes", async () => {
  const server = await startRedis();
  await server.kill();
  const redis = connect(server.url);
  const preflight = watch(redis);
  await untilTrue(() => redis.status === "reconnecting" || redis.status);
  expect(preflight.obstacles()).toEqual(["preflight"]);
  await server.restart();
  await preflight.passed;
  expect(preflight.refused).toEqual([]);
});

test("a connection that was lost is looked at again: unsafe settings then hold paid work without ending the process", async () => {
  const server = await startRedis();
  const redis = connect(server.url);
  // Only losing the connection leads to a second look here.
  const preflight = watch(redis, { lookEveryMs: 3_600_000 });
  await preflight.passed;
  const admin = connect(server.url);
  await admin.config("SET", "maxmemory-policy", "allkeys-lru");
  expect(preflight.isSafe()).toBe(true);
  await admin.client("KILL", "TYPE", "normal", "SKIPME", "yes");
  await untilTrue(() => preflight.obstacles().includes("preflight: eviction") || preflight.obstacles());
  expect(preflight.isSafe()).toBe(false);
  expect(preflight.refused).toEqual([]);
  const told = preflight.lines.filter(({ level }) => level === "error");
  expect(told).toEqual([expect.objectContaining({ message: "preflight: eviction is not as it should be" })]);

  await admin.config("SET", "maxmemory-policy", "noeviction");
  await untilTrue(() => preflight.isSafe());
  expect(preflight.obstacles()).toEqual([]);
  expect(preflight.lines.at(-1)?.message).toBe("the preflight finds everything in order again");
});

test("a clock that runs away later holds paid work until it is back", async () => {
  const server = await startRedis();
  let aheadMs = 0;
  const preflight = watch(connect(server.url), { wallClockMs: () => Date.now() + aheadMs });
  await preflight.passed;
  aheadMs = 60_000;
  await untilTrue(() => !preflight.isSafe());
  expect(preflight.obstacles()).toEqual(["preflight: clock"]);
  aheadMs = 0;
  await untilTrue(() => preflight.isSafe());
  expect(preflight.refused).toEqual([]);
});

test("full memory makes it not ready, and leaves the refusing to Redis, which knows best when it is over", async () => {
  const server = await startRedis();
  const redis = connect(server.url);
  const preflight = watch(redis);
  await preflight.passed;
  await redis.config("SET", "maxmemory", "1");
  await untilTrue(() => preflight.obstacles().includes("preflight: memory"));
  expect(preflight.isSafe()).toBe(true);
  await redis.config("SET", "maxmemory", "0");
  await untilTrue(() => preflight.obstacles().length === 0);
});

test("checks of the process's own count like those of Redis", async () => {
  const server = await startRedis();
  const missing: Finding = {
    check: "bucket",
    found: "none",
    verdict: "refuse",
    fix: "make one",
    lasting: true,
  };
  const { refused } = watch(connect(server.url), { moreChecks: async () => [missing] });
  await untilTrue(() => refused.length === 1);
  expect(refused[0]?.refusals).toEqual([missing]);
});
