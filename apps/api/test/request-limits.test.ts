import { startTestRedis, type TestRedis } from "@rushes/test-rig";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runApi, sha256Hex, textOrder, type RunningApi } from "./running-api.ts";

const KEYS = { anna: "anna-key-0123456789", ben: "ben-key-0123456789", ops: "ops-key-0123456789" };
const API_KEYS = `anna:${sha256Hex(KEYS.anna)},ben:${sha256Hex(KEYS.ben)},ops:${sha256Hex(KEYS.ops)}:admin`;

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

async function run(environment: Record<string, string>): Promise<RunningApi> {
  const api = await runApi(server.url, { API_KEYS, ...environment });
  running.push(api);
  return api;
}

test("a key with a limit is answered so often a minute, then told when to come back, and nothing is ordered", async () => {
  const api = await run({ API_REQUEST_LIMITS: "anna:3" });
  for (let count = 0; count < 3; count += 1) {
    expect((await api.order(textOrder(), { key: KEYS.anna })).status).toBe(202);
  }
  const refused = await api.order(textOrder(), { key: KEYS.anna });
  expect([refused.status, refused.json.code]).toEqual([429, "too_many_requests"]);
  expect(refused.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  const waitS = Number(refused.headers.get("retry-after"));
  expect(waitS).toBeGreaterThan(0);
  expect(waitS).toBeLessThanOrEqual(60);
  expect((await api.ask("/v1/videos", { key: KEYS.anna })).status).toBe(429);
  expect(await redis.zcard(`${api.prefix}:listing:anna`)).toBe(3);
  // Others are not concerned, and neither is what needs no key.
  for (const key of [KEYS.ben, KEYS.ops]) expect((await api.ask("/v1/videos", { key })).status).toBe(200);
  for (const path of ["/readyz", "/openapi.json"]) expect((await api.ask(path)).status).toBe(200);
  // The minute is over.
  await redis.del(`${api.prefix}:requests:anna`);
  expect((await api.ask("/v1/videos", { key: KEYS.anna })).status).toBe(200);
});

test("each other key may have a limit of its own too, and a wrong key counts for nobody", async () => {
  const api = await run({ API_REQUEST_LIMITS: "ops:1000,*:2" });
  for (let count = 0; count < 5; count += 1) {
    expect((await api.ask("/v1/videos", { key: `${KEYS.anna}x` })).status).toBe(401);
  }
  const statuses = async (key: string): Promise<number[]> => {
    const answers = [];
    for (let count = 0; count < 3; count += 1) answers.push((await api.ask("/v1/videos", { key })).status);
    return answers;
  };
  expect(await statuses(KEYS.anna)).toEqual([200, 200, 429]);
  expect(await statuses(KEYS.ben)).toEqual([200, 200, 429]);
  expect(await statuses(KEYS.ops)).toEqual([200, 200, 200]);
});

test("without the variable nothing is counted", async () => {
  const api = await run({});
  await Promise.all(Array.from({ length: 50 }, () => api.ask("/v1/videos", { key: KEYS.anna })));
  expect(await redis.keys(`${api.prefix}:requests*`)).toEqual([]);
});
