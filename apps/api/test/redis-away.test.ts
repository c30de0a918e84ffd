import { Redis } from "ioredis";
import { afterEach, expect, test } from "vitest";
import { startTestRedis, untilTrue, type TestRedis } from "@rushes/test-rig";
import { freshKey, runApi, runApiWithoutRedis, textOrder, type RunningApi } from "./running-api.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function startRedis(): Promise<TestRedis> {
  const server = await startTestRedis({ appendFsync: "always" });
  cleanups.push(() => server.stop());
  return server;
}

function stopLater(api: RunningApi): RunningApi {
  cleanups.push(() => api.stop(new AbortController().signal));
  return api;
}

async function expectUnavailable(api: RunningApi, requests: readonly Promise<unknown>[] = []): Promise<void> {
  const missing = `vid_${"0".repeat(26)}`;
  const answers = await Promise.all([
    api.order(textOrder()),
    api.ask("/v1/videos"),
    api.ask("/v1/videos?phase=queued"),
    api.ask(`/v1/videos/${missing}`),
    api.ask(`/v1/videos/${missing}/cancel`, { method: "POST" }),
    ...requests,
  ]);
  for (const answer of answers as Awaited<ReturnType<RunningApi["ask"]>>[]) {
    expect([answer.status, answer.json.code]).toEqual([503, "redis_unavailable"]);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  }
}

async function untilReady(api: RunningApi): Promise<void> {
  await untilTrue(async () => {
    const { status, text } = await api.ask("/readyz");
    return status === 200 || text;
  });
}

test("a killed Redis means 503, and its return means business as before", async () => {
  const server = await startRedis();
  const api = stopLater(await runApi(server.url));
  const idempotencyKey = freshKey();
  const { json: video } = await api.order(textOrder(), { idempotencyKey });

  await server.kill("SIGKILL");
  await expectUnavailable(api);
  const ready = await api.ask("/readyz");
  expect([ready.status, ready.json]).toEqual([503, { status: "unavailable", because: ["redis"] }]);
  expect((await api.ask("/livez")).status).toBe(200);
  expect((await api.ask("/metrics")).status).toBe(200);
  // What is wrong with the order itself is still said.
  expect((await api.order({})).status).toBe(422);

  await server.restart();
  await untilReady(api);
  expect((await api.ask(`/v1/videos/${video.id}`)).json).toEqual(video);
  const again = await api.order(textOrder(), { idempotencyKey });
  expect([again.status, again.json.id]).toEqual([202, video.id]);
  expect((await api.order(textOrder())).status).toBe(202);
});

test("orders sent while Redis dies are kept once and for all under their keys", async () => {
  const server = await startRedis();
  const api = stopLater(await runApi(server.url));
  const keys = Array.from({ length: 40 }, freshKey);
  const sent = keys.map((idempotencyKey) => api.order(textOrder(), { idempotencyKey }));
  await sent[3];
  await server.kill("SIGKILL");
  const answers = await Promise.all(sent);
  for (const { status } of answers) expect([202, 503]).toContain(status);

  await server.restart();
  await untilReady(api);
  const again = await Promise.all(keys.map((idempotencyKey) => api.order(textOrder(), { idempotencyKey })));
  for (const [index, { status, json }] of again.entries()) {
    expect(status).toBe(202);
    if (answers[index]?.status === 202) expect(json.id).toBe(answers[index].json.id);
  }
  const redis = new Redis(server.url);
  cleanups.push(() => redis.disconnect());
  expect(await redis.zcard(`${api.prefix}:listing:anonymous`)).toBe(keys.length);
});

test("an api that starts without Redis listens, says that it is not ready, and begins when Redis comes", async () => {
  const server = await startRedis();
  await server.kill();
  const api = stopLater(await runApiWithoutRedis(server.url));
  expect((await api.ask("/readyz")).status).toBe(503);
  await expectUnavailable(api);
  await server.restart();
  await untilReady(api);
  const { status, json } = await api.order(textOrder());
  expect(status).toBe(202);
  // Its queues have come up too, not only its record.
  const redis = new Redis(server.url);
  cleanups.push(() => redis.disconnect());
  expect(await redis.exists(`${api.prefix}:submit:${json.id}.submit.1`)).toBe(1);
});

test("an api without Redis stops", async () => {
  const server = await startRedis();
  await server.kill();
  const never = await runApiWithoutRedis(server.url);
  await expect(never.stop(new AbortController().signal)).resolves.toBeUndefined();

  await server.restart();
  const lost = await runApi(server.url);
  await server.kill();
  await expect(lost.stop(new AbortController().signal)).resolves.toBeUndefined();
});

test("a frozen Redis means 503 within the patience of a caller, and is noticed by /readyz sooner", async () => {
  const server = await startRedis();
  const api = stopLater(await runApi(server.url));
  process.kill(server.pid, "SIGSTOP");
  const idempotencyKey = freshKey();
  const order = api.order(textOrder(), { idempotencyKey });
  expect((await api.ask("/readyz")).json).toEqual({ status: "unavailable", because: ["redis"] });
  await expectUnavailable(api, [order]);
  process.kill(server.pid, "SIGCONT");
  await untilReady(api);
  // Whether the frozen one was carried out or not: under its key there is one video.
  const [one, other] = [
    await api.order(textOrder(), { idempotencyKey }),
    await api.order(textOrder(), { idempotencyKey }),
  ];
  expect([one.status, other.status, other.json.id]).toEqual([202, 202, one.json.id]);
});

test("a Redis that is full means 503 for orders, while what is there can be read", async () => {
  const server = await startRedis();
  const api = stopLater(await runApi(server.url));
  const { json: video } = await api.order(textOrder());
  const redis = new Redis(server.url);
  cleanups.push(() => redis.disconnect());
  await redis.config("SET", "maxmemory", "1mb");
  const { status, json, headers } = await api.order(textOrder());
  expect([status, json.code, headers.get("retry-after")]).toEqual([503, "redis_unavailable", "1"]);
  expect((await api.ask(`/v1/videos/${video.id}`)).status).toBe(200);
  await redis.config("SET", "maxmemory", "0");
  expect((await api.order(textOrder())).status).toBe(202);
});
