import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startTestRedis, type TestRedis } from "@rushes/test-rig";
import { BAD_ORDERS } from "./bad-orders.ts";
import { runApi, storedKeys, textOrder, type AskOptions, type RunningApi } from "./running-api.ts";

let server: TestRedis;
let redis: Redis;
let api: RunningApi;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  api = await runApi(server.url);
});

// Whatever a test sent, nothing of it may be there afterwards: no record, no money, no key, no job.
afterEach(async () => expect(await storedKeys(server.url, api.prefix)).toEqual([]));

afterAll(async () => {
  await api.stop(new AbortController().signal);
  redis.disconnect();
  await server.stop();
});

const ORDER = JSON.stringify(textOrder());
const MISSING_ID = `vid_${"0".repeat(26)}`;

test("the answers are problem documents that explain themselves", async () => {
  const { status, headers, json } = await api.order({}, { headers: { "x-request-id": "ask-1" } });
  expect(status).toBe(422);
  expect(headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(json).toEqual({
    type: "/docs#invalid_order",
    title: "The order is not valid",
    status: 422,
    code: "invalid_order",
    detail: expect.any(String),
    errors: [{ field: "input", message: "input must be an object with a mode" }],
    request_id: "ask-1",
  });
});

describe("an order is refused with 422, naming each field, because of", () => {
  test.each(BAD_ORDERS)("$what", async ({ body, fields }) => {
    const { status, json } = await api.order(body);
    expect([status, json.code]).toEqual([422, "invalid_order"]);
    const named = (json.errors as { field: string; message: string }[]).map(({ field }) => field);
    expect([...new Set(named)].toSorted()).toEqual(fields);
    for (const { message } of json.errors) expect(message).toMatch(/\w+ \w+/);
  });
});

test("more wrong fields than anybody reads are counted", async () => {
  const many = Object.fromEntries(Array.from({ length: 130 }, (_, index) => [`field-${index}`, 1]));
  const { json } = await api.order({ ...textOrder(), ...many });
  expect([json.errors.length, json.errors_omitted]).toEqual([100, 30]);
});

test("a field's name comes back cut where it is long", async () => {
  const { json } = await api.order({ ...textOrder(), [`${"n".repeat(99)}🎬${"n".repeat(5000)}`]: 1 });
  expect(json.errors[0].field.length).toBeLessThan(110);
});

type BadRequest = { what: string; options: AskOptions; status: number; code: string };

const raw = (body: string | Uint8Array, headers = {}): AskOptions => ({ method: "POST", body, headers });
const json = (body: string): AskOptions => raw(body, { "content-type": "application/json" });
const keyed = (idempotencyKey: string | null): AskOptions => ({ ...json(ORDER), idempotencyKey });

const BAD_REQUESTS: readonly BadRequest[] = [
  ...[
    "{",
    "",
    " ",
    "nonsense",
    "{'input':1}",
    `${ORDER}x`,
    `${ORDER},${ORDER}`,
    '{"input":1,}',
    '{"a":NaN}',
    '{"a":"\u0001"}',
    "[".repeat(200_000),
  ].map((body) => ({
    what: `malformed JSON ${JSON.stringify(body.slice(0, 20))}`,
    options: json(body),
    status: 400,
    code: "malformed_json",
  })),
  ...[
    `{"__proto__":{"admin":true},${ORDER.slice(1)}`,
    `{"metadata":{"a":{"__proto__":{"x":1}}},${ORDER.slice(1)}`,
    `{"metadata":{"\\u005f_proto__":1},${ORDER.slice(1)}`,
    `{"metadata":{"constructor":{"prototype":{"x":1}}},${ORDER.slice(1)}`,
  ].map((body) => ({
    what: `a poisoned ${body.slice(1, 30)}`,
    options: json(body),
    status: 400,
    code: "malformed_json",
  })),
  {
    what: "bytes that are not UTF-8",
    options: raw(Buffer.from(ORDER.replace("quiet", "qui\u00ebt"), "latin1"), {
      "content-type": "application/json",
    }),
    status: 400,
    code: "malformed_json",
  },
  ...[
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonp",
    "application/json; charset=utf-16",
    "application/json; charset=iso-8859-1",
    "json",
    "*/*",
  ].map((type) => ({
    what: `the content type ${type}`,
    options: raw(ORDER, { "content-type": type }),
    status: 415,
    code: "unsupported_media_type",
  })),
  {
    what: "a compressed body",
    options: raw(ORDER, { "content-type": "application/json", "content-encoding": "gzip" }),
    status: 415,
    code: "unsupported_media_type",
  },
  {
    what: "a body of more than 256 KiB",
    options: { method: "POST", body: textOrder({ prompt: "x".repeat(256 * 1024) }) },
    status: 413,
    code: "body_too_large",
  },
  { what: "no idempotency key", options: keyed(null), status: 400, code: "idempotency_key_missing" },
  ...["", "two words", "k".repeat(256), "caf\u00e9", "a\tb"].map((key) => ({
    what: `the idempotency key ${JSON.stringify(key.slice(0, 20))}`,
    options: keyed(key),
    status: 400,
    code: "idempotency_key_invalid",
  })),
];

describe("a request that cannot become an order is refused:", () => {
  test.each(BAD_REQUESTS)("$what → $status $code", async ({ options, status, code }) => {
    const answer = await api.ask("/v1/videos", options);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });

  test("an idempotency key that was sent twice", async () => {
    const headers = new Headers({ "content-type": "application/json" });
    for (const key of ["one", "two"]) headers.append("idempotency-key", key);
    const response = await fetch(`${api.url}/v1/videos`, { method: "POST", headers, body: ORDER });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: "idempotency_key_invalid" },
    ]);
  });

  test("a body of 256 KiB exactly is read, and found wrong for what is in it", async () => {
    const frame = JSON.stringify(textOrder({ prompt: "" })).length;
    const { status, json: answer } = await api.order(textOrder({ prompt: "x".repeat(256 * 1024 - frame) }));
    expect([status, answer.errors[0].field]).toEqual([422, "input.prompt"]);
  });

  test("a body that never says how long it is, and is too long", async () => {
    const chunk = new TextEncoder().encode("x".repeat(64 * 1024));
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(chunk),
    });
    const init: RequestInit = { method: "POST", headers: { "content-type": "application/json" }, body };
    const sent = fetch(`${api.url}/v1/videos`, { ...init, duplex: "half" });
    // The answer may be overtaken by the end of the connection, which is as good a refusal.
    const status = await sent.then((response) => response.status).catch(() => 413);
    expect(status).toBe(413);
  });
});

const BAD_QUERIES: readonly [method: string, query: string, fields: string[]][] = [
  ["GET", "status=done", ["status"]],
  ["GET", "status=", ["status"]],
  ["GET", "status=queued&status=failed", ["status"]],
  ["GET", "phase=in_progress", ["phase"]],
  ["GET", "limit=0", ["limit"]],
  ["GET", "limit=101", ["limit"]],
  ["GET", "limit=-1", ["limit"]],
  ["GET", "limit=1.5", ["limit"]],
  ["GET", "limit=ten", ["limit"]],
  ["GET", "limit=", ["limit"]],
  ["GET", "limit=5&limit=6", ["limit"]],
  ["GET", "after=", ["after"]],
  ["GET", "after=vid_1", ["after"]],
  ["GET", `after=${MISSING_ID.toUpperCase()}`, ["after"]],
  ["GET", `after=${MISSING_ID}0`, ["after"]],
  ["GET", `after=[${MISSING_ID}`, ["after"]],
  ["GET", "before=x", ["before"]],
  ["GET", "Limit=5", ["Limit"]],
  ["GET", "__proto__=1", ["__proto__"]],
  ["GET", "limit=x&phase=y&status=z&after=a&foo=b", ["after", "foo", "limit", "phase", "status"]],
  // Whoever wants a price must not get an order for a slip of the pen.
  ["POST", "dry_run=yes", ["dry_run"]],
  ["POST", "dryrun=true", ["dryrun"]],
];

describe("a query is refused with 422, naming each parameter:", () => {
  test.each(BAD_QUERIES)("%s /v1/videos?%s", async (method, query, fields) => {
    const { status, json: answer } = await api.ask(`/v1/videos?${query}`, {
      method,
      ...(method === "POST" ? { body: textOrder() } : {}),
    });
    expect([status, answer.code]).toEqual([422, "invalid_query"]);
    const named = (answer.errors as { field: string }[]).map(({ field }) => field);
    expect(named.toSorted()).toEqual(fields);
  });

  test("a single video has no parameters", async () => {
    const { status, json: answer } = await api.ask(`/v1/videos/${MISSING_ID}?verbose=1`);
    expect([status, answer.errors]).toEqual([
      422,
      [{ field: "verbose", message: "unknown query parameter" }],
    ]);
  });
});

const NOT_FOUND: readonly [method: string, path: string, code: string][] = [
  ["GET", `/v1/videos/${MISSING_ID}`, "video_not_found"],
  ["GET", "/v1/videos/vid_1", "video_not_found"],
  ["GET", `/v1/videos/${MISSING_ID.toUpperCase()}`, "video_not_found"],
  ["GET", "/v1/videos/%00", "video_not_found"],
  ["GET", `/v1/videos/..%2f${MISSING_ID}`, "video_not_found"],
  ["GET", "/v1/videos/*", "video_not_found"],
  ["GET", `/v1/videos/${"x".repeat(90)}`, "video_not_found"],
  ["GET", `/v1/videos/${"x".repeat(5000)}`, "route_not_found"],
  ["GET", "/v1/videos/%zz", "route_not_found"],
  ["GET", "/v1/videos/", "video_not_found"],
  ["GET", "/", "route_not_found"],
  ["GET", "/v1", "route_not_found"],
  ["GET", "/v2/videos", "route_not_found"],
  ["GET", "/V1/videos", "route_not_found"],
  ["DELETE", `/v1/videos/${MISSING_ID}`, "route_not_found"],
  ["PUT", "/v1/videos", "route_not_found"],
  ["PATCH", "/v1/videos", "route_not_found"],
  ["OPTIONS", "/v1/videos", "route_not_found"],
  ["GET", `/v1/videos/${MISSING_ID}/cancel`, "route_not_found"],
];

describe("nothing is found with 404 at", () => {
  test.each(NOT_FOUND)("%s %s → %s", async (method, path, code) => {
    const answer = await api.ask(path, { method });
    expect([answer.status, answer.json.code]).toEqual([404, code]);
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  });
});
