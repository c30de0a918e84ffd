import { Redis } from "ioredis";
import { startTestRedis, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, expect, test } from "vitest";
import { estimateSchema } from "../src/estimate-schema.ts";
import {
  freshKey,
  imageOrder,
  runApi,
  storedKeys,
  textOrder,
  type AskOptions,
  type RunningApi,
} from "./running-api.ts";

let server: TestRedis;
let redis: Redis;
const running: RunningApi[] = [];

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
});

afterAll(async () => {
  for (const api of running) await api.stop(new AbortController().signal);
  redis.disconnect();
  await server.stop();
});

async function run(environment: Record<string, string> = {}): Promise<RunningApi> {
  const api = await runApi(server.url, environment);
  running.push(api);
  return api;
}

const dryRun = (api: RunningApi, body: unknown, options: AskOptions = {}) =>
  api.ask("/v1/videos?dry_run=true", { method: "POST", body, idempotencyKey: null, ...options });

test("a dry run needs no key, orders nothing, and says what is known", async () => {
  const api = await run({ BUDGET_USD_PER_DAY: "2.5" });
  const { status, headers, json } = await dryRun(api, imageOrder("pro-image-to-video", { duration: 10 }));
  expect([status, headers.get("location")]).toEqual([200, null]);
  expect(estimateSchema.parse(json)).toEqual({
    estimate_usd: 0.7,
    would_exceed_budget: false,
    queue_ahead: 0,
    eta_s: null,
  });
  expect(await storedKeys(server.url, api.prefix)).toEqual([]);
});

test("a dry run uses up no idempotency key", async () => {
  const api = await run();
  const idempotencyKey = freshKey();
  expect((await dryRun(api, textOrder(), { idempotencyKey })).status).toBe(200);
  const order = await api.order(textOrder(), { idempotencyKey });
  expect([order.status, order.headers.get("idempotent-replayed")]).toEqual([202, null]);
});

test("it tells who is ahead and what the budget has left", async () => {
  const api = await run({ BUDGET_USD_PER_DAY: "2.5" });
  for (let count = 0; count < 2; count += 1) await api.order(textOrder());
  expect((await dryRun(api, textOrder())).json).toMatchObject({ would_exceed_budget: true, queue_ahead: 2 });
  expect((await dryRun(api, { ...textOrder(), priority: 1 })).json.queue_ahead).toBe(0);
  const cheap = imageOrder("standard-image-to-video");
  expect((await dryRun(api, cheap)).json).toMatchObject({ would_exceed_budget: false, queue_ahead: 2 });
  expect((await api.order(textOrder())).status).toBe(402);
});

test("it tells when it would be done, once such a video was", async () => {
  const api = await run();
  const { json: video } = await api.order(textOrder());
  const nowMs = Date.now();
  const times = { submitted: nowMs - 90_000, archiving: nowMs - 5_000, completed: nowMs, phase: "completed" };
  await redis.hset(`${api.prefix}:video:${video.id}`, times);
  await redis.zadd(`${api.prefix}:ended`, nowMs, video.id);
  await redis.zrem(`${api.prefix}:line:anonymous`, video.id);
  await redis.hset(`${api.prefix}:accounts`, "main", JSON.stringify({ name: "main", concurrency: 2 }));
  expect((await dryRun(api, textOrder())).json).toMatchObject({ queue_ahead: 0, eta_s: 90 });
  // Four ahead on two places of 85 s each, both free: the third of those that have to wait.
  for (let count = 0; count < 4; count += 1) await api.order(textOrder());
  expect((await dryRun(api, textOrder())).json).toMatchObject({
    queue_ahead: 4,
    eta_s: Math.ceil(3 * 42.5 + 90),
  });
  expect((await dryRun(api, textOrder({ duration: 10 }))).json.eta_s).toBeNull();
});

test("an order that is wrong is refused as it would be, and a parameter that is wrong too", async () => {
  const api = await run();
  expect((await dryRun(api, textOrder({ prompt: "" }))).json.code).toBe("invalid_order");
  for (const query of ["dry_run=yes", "dry_run=", "dryrun=true", "dry_run=true&dry_run=false"]) {
    const { status, json } = await api.order(textOrder(), { idempotencyKey: freshKey() });
    expect(status, json.detail).toBe(202);
    const refused = await api.ask(`/v1/videos?${query}`, { method: "POST", body: textOrder() });
    expect([query, refused.status, refused.json.code]).toEqual([query, 422, "invalid_query"]);
  }
  const ordered = await api.ask("/v1/videos?dry_run=false", { method: "POST", body: textOrder() });
  expect(ordered.status).toBe(202);
});
