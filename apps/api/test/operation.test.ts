import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestRedis, untilTrue, type TestRedis } from "@rushes/test-rig";
import { freshKey, runApi, sha256Hex, textOrder, type LogLine, type RunningApi } from "./running-api.ts";

const KEY = "anna-key-0123456789";
const PROMPT = "a prompt nobody else may read";

let server: TestRedis;
let redis: Redis;
let api: RunningApi;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  api = await runApi(server.url, { API_KEYS: `anna:${sha256Hex(KEY)}`, LOG_LEVEL: "debug" });
});

afterAll(async () => {
  await api.stop(new AbortController().signal);
  redis.disconnect();
  await server.stop();
});

/** The one line of the request with this id; it is written after the answer has been sent. */
async function lineOf(requestId: string): Promise<LogLine> {
  await untilTrue(() => api.lines.some((line) => line["requestId"] === requestId));
  const lines = api.lines.filter((line) => line["requestId"] === requestId);
  expect(lines.length).toBe(1);
  return lines[0] as LogLine;
}

test("health says ok", async () => {
  for (const path of ["/livez", "/readyz"]) {
    const { status, json } = await api.ask(path);
    expect([status, json]).toEqual([200, { status: "ok" }]);
  }
});

test("metrics count the videos by phase and the money that is reserved", async () => {
  for (let index = 0; index < 3; index += 1) await api.order(textOrder(), { key: KEY });
  const { json: video } = await api.order(textOrder(), { key: KEY });
  await api.ask(`/v1/videos/${video.id}/cancel`, { method: "POST", key: KEY });
  await redis.sadd(`${api.prefix}:late`, "vid_late");
  const metric = async (name: string) => {
    const { text } = await api.ask("/metrics");
    return Number(text.match(new RegExp(`^rushes_${name} (.*)$`, "m"))?.[1]);
  };
  // Gauges are read at most once a second.
  await untilTrue(async () => {
    const queued = await metric('videos{phase="queued"}');
    return queued === 3 || queued;
  });
  expect(await metric('videos{phase="cancelled"}')).toBe(1);
  expect(await metric("reserved_usd")).toBe(3);
  expect(await metric("late")).toBe(1);
  expect(await metric("unconfirmed")).toBe(0);
  expect((await api.ask("/metrics")).headers.get("content-type")).toMatch(/^text\/plain/);
});

test("an order's line tells who, what, and how it went", async () => {
  const { json } = await api.order(textOrder(), { key: KEY, headers: { "x-request-id": "log-order" } });
  expect(await lineOf("log-order")).toMatchObject({
    level: "info",
    msg: "request",
    method: "POST",
    route: "/v1/videos",
    status: 202,
    caller: "anna",
    videoId: json.id,
  });
  // No order is made in no time: the record alone is three ways to Redis and back.
  expect((await lineOf("log-order"))["ms"]).toBeGreaterThan(0);
});

test("a video's line has the pattern of its route, so that lines can be counted", async () => {
  const { json } = await api.order(textOrder(), { key: KEY });
  await api.ask(`/v1/videos/${json.id}`, { key: KEY, headers: { "x-request-id": "log-get" } });
  expect(await lineOf("log-get")).toMatchObject({ route: "/v1/videos/:id", status: 200, videoId: json.id });
});

test("requests that reach no route and no caller have a line too", async () => {
  await api.ask("/nowhere/secret-path", { headers: { "x-request-id": "log-nowhere" } });
  const nowhere = await lineOf("log-nowhere");
  expect(nowhere).toMatchObject({ level: "info", route: null, status: 404 });
  await api.ask("/v1/videos", { headers: { "x-request-id": "log-keyless" } });
  const keyless = await lineOf("log-keyless");
  expect(keyless).toMatchObject({ route: "/v1/videos", status: 401 });
  expect([nowhere, keyless].some((line) => "caller" in line)).toBe(false);
});

test("probes are told to those who look for them", async () => {
  await api.ask("/livez", { headers: { "x-request-id": "log-probe" } });
  expect(await lineOf("log-probe")).toMatchObject({ level: "debug", route: "/livez", status: 200 });
});

test("no line holds a key, a prompt, a header or a query", async () => {
  const idempotencyKey = freshKey();
  await api.order(textOrder({ prompt: PROMPT }), { key: KEY, idempotencyKey });
  await api.order(textOrder({ prompt: 7, [PROMPT]: 1 }), { key: KEY });
  await api.ask(`/v1/videos?token=${KEY}`, { key: KEY, headers: { cookie: "session=cookie-value" } });
  await api.ask(`/v1/videos/${KEY}`, { key: `${KEY}x`, headers: { "x-request-id": "last-one" } });
  await lineOf("last-one");
  const text = JSON.stringify(api.lines);
  for (const secret of [KEY, PROMPT, sha256Hex(KEY), "cookie-value", "authorization", idempotencyKey]) {
    expect(text).not.toContain(secret);
  }
});
