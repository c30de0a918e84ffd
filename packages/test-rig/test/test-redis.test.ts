import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, expect, test } from "vitest";
import { startTestRedis, type TestRedis, type TestRedisOptions } from "../src/index.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(options: TestRedisOptions = {}): Promise<TestRedis> {
  const server = await startTestRedis(options);
  cleanups.push(() => server.stop());
  return server;
}

function connect({ url }: TestRedis): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  // A client that is away reports it on every try; these tests take servers away on purpose.
  redis.on("error", () => {});
  cleanups.push(async () => redis.disconnect());
  return redis;
}

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test("it is a real server on loopback with an append-only file and without eviction", async () => {
  const server = await start();
  const redis = connect(server);
  expect(await redis.config("GET", "appendonly")).toEqual(["appendonly", "yes"]);
  expect(await redis.config("GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "noeviction"]);
  expect(await redis.config("GET", "bind")).toEqual(["bind", "127.0.0.1"]);
  expect(await redis.info("server")).toContain(`process_id:${server.pid}\r\n`);
});

test("what was written survives a kill and a restart on the same port", async () => {
  const server = await start({ appendFsync: "always" });
  const redis = connect(server);
  await redis.set("key", "value");
  const before = server.pid;
  await server.kill("SIGKILL");
  expect(isRunning(before)).toBe(false);
  await server.restart();
  expect(server.pid).not.toBe(before);
  expect(await redis.get("key")).toBe("value");
});

test("without the append-only file a kill loses everything", async () => {
  const server = await start({ appendOnly: false });
  const redis = connect(server);
  await redis.set("key", "value");
  await server.restart();
  expect(await redis.get("key")).toBeNull();
});

test("stop ends a frozen server too, and removes the folder it made", async () => {
  const server = await startTestRedis();
  process.kill(server.pid, "SIGSTOP");
  await server.stop();
  expect([isRunning(server.pid), existsSync(server.dir)]).toEqual([false, false]);
});

test("a frozen server that is asked to end politely does so", async () => {
  const server = await start();
  process.kill(server.pid, "SIGSTOP");
  await server.kill("SIGTERM");
  expect(isRunning(server.pid)).toBe(false);
});

test("a folder that was given stays and is used again", async () => {
  const dir = await mkdtemp(join(tmpdir(), "rushes-test-rig-"));
  cleanups.push(() => rm(dir, { recursive: true }));
  const first = await startTestRedis({ dir });
  await connect(first).set("key", "value");
  await first.kill("SIGTERM");
  await first.stop();
  const second = await start({ dir });
  expect(await connect(second).get("key")).toBe("value");
});

test("several servers run side by side", async () => {
  const [one, other] = await Promise.all([start(), start()]);
  await connect(one).set("key", "one");
  expect(await connect(other).get("key")).toBeNull();
});

test("a server that cannot start fails with its own words, and leaves nothing running", async () => {
  const dir = await mkdtemp(join(tmpdir(), "rushes-test-rig-"));
  cleanups.push(() => rm(dir, { recursive: true }));
  await mkdir(join(dir, "appendonlydir"));
  await writeFile(join(dir, "appendonlydir", "appendonly.aof.manifest"), "not a manifest\n");
  await expect(startTestRedis({ dir })).rejects.toThrow(/redis-server on port \d+ ended:[^]*manifest/);
});
