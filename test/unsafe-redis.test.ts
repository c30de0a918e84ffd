import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { findRedisServer, startTestRedis, untilTrue, type TestRedis } from "@rushes/test-rig";
import { afterEach, describe, expect, test } from "vitest";
import { startSystem, type RunningSystem } from "./running-system.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function startRedis(...options: Parameters<typeof startTestRedis>): Promise<TestRedis> {
  const redis = await startTestRedis(...options);
  cleanups.push(() => redis.stop());
  return redis;
}

async function makeUnsafe(redis: TestRedis): Promise<void> {
  const inspect = new Redis(redis.url);
  await inspect.config("SET", "maxmemory-policy", "allkeys-lru");
  inspect.disconnect();
}

type Program = { process: ChildProcess; output: () => string; port: () => Promise<number> };

/** The api, or a worker without a bucket, on free ports. */
function start(main: "api" | "worker", extra: Record<string, string>): Program {
  const child = spawn(process.execPath, ["--conditions=source", `apps/${main}/src/main.ts`], {
    env: { PATH: process.env["PATH"], PORT: "0", HEALTH_PORT: "0", ROLES: "sweep", ...extra },
    stdio: ["ignore", "pipe", "pipe"],
  });
  cleanups.push(() => child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  return {
    process: child,
    output: () => output,
    async port() {
      let found = "";
      await untilTrue(() => {
        found = /"url":"http:\/\/[^"]+:(\d+)"|"port":(\d+)/.exec(output)?.slice(1).find(Boolean) ?? "";
        return found !== "" || output;
      });
      return Number(found);
    },
  };
}

describe("an unsafe Redis", () => {
  test.each(["api", "worker"] as const)(
    "%s does not start: exit code 1, every problem with its fix",
    async (main) => {
      const redis = await startRedis({ appendFsync: "everysec" });
      await makeUnsafe(redis);
      const program = start(main, { REDIS_URL: redis.url, REDIS_DURABILITY: "always" });
      const [code] = (await once(program.process, "close")) as [number];
      expect(code).toBe(1);
      expect(program.output()).toContain("2 things are not safe for paid work:");
      expect(program.output()).toContain("CONFIG SET appendfsync always");
      expect(program.output()).toContain("CONFIG SET maxmemory-policy noeviction");
      expect(program.output()).toContain("the preflight refuses: append-fsync, eviction");
    },
  );

  test.each(["api", "worker"] as const)(
    "%s waits, alive and not ready, for a Redis that is away, and judges it when it comes",
    async (main) => {
      const redis = await startRedis();
      await redis.kill();
      const program = start(main, { REDIS_URL: redis.url, REDIS_DURABILITY: "always" });
      const at = `http://127.0.0.1:${await program.port()}`;
      expect((await fetch(`${at}/livez`)).status).toBe(200);
      expect((await fetch(`${at}/readyz`)).status).toBe(503);
      await untilTrue(() => program.output().includes("ECONNREFUSED") || program.output());
      expect(program.process.exitCode).toBeNull();
      await redis.restart();
      const [code] = (await once(program.process, "close")) as [number];
      expect(code).toBe(1);
      expect(program.output()).toContain("append-fsync: everysec");
    },
  );

  test("a worker that waits for Redis ends on SIGTERM", async () => {
    const redis = await startRedis();
    await redis.kill();
    const program = start("worker", { REDIS_URL: redis.url });
    await program.port();
    program.process.kill("SIGTERM");
    const [code] = (await once(program.process, "close")) as [number];
    expect(code).toBe(0);
  });

  test("each process says at its start what a power cut may cost", async () => {
    const everysec = await startRedis();
    const always = await startRedis({ appendFsync: "always" });
    const programs = [
      start("api", { REDIS_URL: everysec.url }),
      start("worker", { REDIS_URL: always.url, REDIS_DURABILITY: "always" }),
    ] as const;
    await untilTrue(() => programs[0].output().includes("may undo its last second") || programs[0].output());
    await untilTrue(
      () => programs[1].output().includes("costs nothing acknowledged") || programs[1].output(),
    );
  });
});

test("an archive worker does not start without its bucket", async () => {
  const system = await startRunningSystem();
  const worker = system.spawnWorker({ ARCHIVE_BUCKET: "never-made" });
  const [code] = (await once(worker.process, "close")) as [number];
  expect(code).toBe(1);
  expect(worker.lines.join("\n")).toContain("ARCHIVE_BUCKET");
});

async function startRunningSystem(): Promise<RunningSystem> {
  const system = await startSystem();
  cleanups.push(() => system.stop());
  return system;
}

async function tryToOrder(system: RunningSystem): Promise<{ status: number; retryAfter: string | null }> {
  const response = await fetch(`${system.api.url}/v1/videos`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": randomUUID() },
    body: JSON.stringify({
      input: { mode: "master-text-to-video", prompt: "a drone over a city", duration: 5 },
    }),
  });
  await response.arrayBuffer();
  return { status: response.status, retryAfter: response.headers.get("retry-after") };
}

const orderMany = (system: RunningSystem, count: number): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, async () => (await system.order()).id));

async function expectEachPaidOnce(system: RunningSystem, ids: readonly string[]): Promise<void> {
  const ended = await Promise.all(ids.map((id) => system.untilEnded(id)));
  expect(ended.map(({ charges }) => charges)).toEqual(ids.map(() => 1));
  const followed = ended.map(({ provider }) => provider.task_id);
  const charged = system.sandbox.bill().charges.map(({ taskId }) => taskId);
  expect(new Set(charged)).toEqual(new Set(followed));
  expect(charged).toHaveLength(ids.length);
}

test(
  "a Redis that becomes unsafe behind a running system: not ready, no new order, what is paid goes on, and all is well when it is mended",
  { timeout: 120_000 },
  async () => {
    const system = await startRunningSystem();
    const worker = await system.startWorker();
    const port = Number(/"port":(\d+)/.exec(worker.lines.join("\n"))?.[1]);
    const readiness = async () => {
      const answers = await Promise.all([
        fetch(`${system.api.url}/readyz`),
        fetch(`http://127.0.0.1:${port}/readyz`),
      ]);
      return await Promise.all(answers.map(async (answer) => await answer.text()));
    };
    const ids = await orderMany(system, 3);
    await untilTrue(async () => (await system.get(ids[0] ?? "")).phase !== "queued");

    await makeUnsafe(system.redis);
    // As a failover does: every connection is lost, and who answers next has other settings.
    await system.inspect.client("KILL", "TYPE", "normal", "SKIPME", "yes");
    await untilTrue(async () => {
      const texts = await readiness();
      return texts.every((text) => text.includes("preflight: eviction")) || texts;
    });
    expect(await tryToOrder(system)).toEqual({ status: 503, retryAfter: "1" });
    expect(worker.process.exitCode).toBeNull();
    expect(system.api.process.exitCode).toBeNull();

    await system.inspect.config("SET", "maxmemory-policy", "noeviction");
    await untilTrue(async () => {
      const texts = await readiness();
      return texts.every((text) => !text.includes("preflight")) || texts;
    });
    await expectEachPaidOnce(system, [...ids, (await system.order()).id]);
  },
);

test(
  "a Redis whose memory is full: 503 with Retry-After, nothing lost, nothing paid twice, and work goes on when there is room",
  { timeout: 120_000 },
  async () => {
    const system = await startRunningSystem();
    const worker = await system.startWorker();
    const ids = await orderMany(system, 5);
    await untilTrue(() => system.sandbox.bill().charges.length === ids.length);
    // One is accepted and charged, and its answer comes only when there is no room to store it.
    ids.push((await system.order({ prompt: "a lake [[submit:slow:240000]]" })).id);
    await untilTrue(() => system.sandbox.bill().charges.length === ids.length);
    await system.inspect.config("SET", "maxmemory", "1");
    expect(await tryToOrder(system)).toEqual({ status: 503, retryAfter: "1" });
    for (const id of ids) expect((await system.get(id)).id).toBe(id);
    await untilTrue(
      () => worker.lines.some((line) => line.includes("cannot be stored yet")) || worker.lines.at(-1),
    );
    await system.inspect.config("SET", "maxmemory", "0");
    await expectEachPaidOnce(system, [...ids, (await system.order()).id]);
  },
);

const canLiftLimits = spawnSync("prlimit", ["--version"]).status === 0;

test.skipIf(!canLiftLimits)(
  "a Redis whose disk is full (MISCONF): 503 with Retry-After, nothing lost, nothing paid twice, and work goes on when there is room",
  { timeout: 120_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "rushes-full-disk-"));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    // Files of this server cannot grow beyond so many blocks of 512 bytes: a write fails, as on a full disk. The signal
    // that would come with it is ignored, or the server would die of it.
    const program = join(folder, "redis-server");
    const script = `#!/bin/sh\ntrap '' XFSZ\nulimit -S -f 400\nexec '${findRedisServer()}' "$@"\n`;
    await writeFile(program, script, { mode: 0o755 });
    const system = await startOn(program);
    await system.startWorker();

    const ids: string[] = [];
    await untilTrue(async () => {
      const answer = await fetch(`${system.api.url}/v1/videos`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": randomUUID() },
        body: JSON.stringify({
          input: { mode: "master-text-to-video", prompt: "x".repeat(4_000), duration: 5 },
        }),
      });
      const { id } = (await answer.json()) as { id?: string };
      if (answer.status === 202 && id !== undefined) ids.push(id);
      return answer.status === 503 || answer.status;
    });
    expect(await tryToOrder(system)).toEqual({ status: 503, retryAfter: "1" });
    await expect(system.inspect.set("any", "thing")).rejects.toThrow("MISCONF");
    for (const id of ids) expect((await system.get(id)).id).toBe(id);

    spawnSync("prlimit", ["--fsize=unlimited", "--pid", String(system.redis.pid)]);
    await untilTrue(async () => (await tryToReady(system)) === 200);
    await expectEachPaidOnce(system, [...ids, (await system.order()).id]);
  },
);

async function tryToReady(system: RunningSystem): Promise<number> {
  return (await fetch(`${system.api.url}/readyz`)).status;
}

async function startOn(redisServer: string): Promise<RunningSystem> {
  const before = process.env["RUSHES_REDIS_SERVER"];
  process.env["RUSHES_REDIS_SERVER"] = redisServer;
  try {
    return await startRunningSystem();
  } finally {
    if (before === undefined) delete process.env["RUSHES_REDIS_SERVER"];
    else process.env["RUSHES_REDIS_SERVER"] = before;
  }
}
