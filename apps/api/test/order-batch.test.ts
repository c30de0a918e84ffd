import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { createLedger } from "@rushes/ledger";
import { startTestRedis, untilTrue, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { videoSchema } from "../src/video-schema.ts";
import { startProcess } from "./api-process.ts";
import {
  freshKey,
  imageOrder,
  runApi,
  sha256Hex,
  storedKeys,
  textOrder,
  type RunningApi,
} from "./running-api.ts";

let server: TestRedis;
let redis: Redis;
let api: RunningApi;
const others: RunningApi[] = [];

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  api = await runApi(server.url);
});

afterAll(async () => {
  for (const running of [api, ...others]) await running.stop(new AbortController().signal);
  redis.disconnect();
  await server.stop();
});

async function run(environment: Record<string, string>): Promise<RunningApi> {
  const other = await runApi(server.url, environment);
  others.push(other);
  return other;
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => textOrder({ prompt: `number ${index}` }));
const waitingTurns = (prefix: string): Promise<number> => redis.llen(`${prefix}:submit:wait`);

describe("a batch", () => {
  test("is answered with 202 and its videos in their order, each as it can be read then", async () => {
    const turns = await waitingTurns(api.prefix);
    const orders = [...numbered(2), imageOrder("pro-image-to-video", { duration: 10 })];
    const { status, headers, json } = await api.orderBatch(orders);
    expect(status).toBe(202);
    expect(headers.get("idempotent-replayed")).toBeNull();
    expect(json.object).toBe("list");
    expect(json.data.map(({ input }: { input: { prompt: string } }) => input.prompt)).toEqual([
      "number 0",
      "number 1",
      "a quiet harbour",
    ]);
    expect(json.data[2].cost).toEqual({ reserved_usd: 0.7, billed_usd: 0 });
    for (const video of json.data) {
      expect(videoSchema.parse(video)).toEqual(video);
      expect((await api.ask(`/v1/videos/${video.id}`)).json).toEqual(video);
    }
    const list = await api.ask("/v1/videos?limit=3");
    expect(list.json.data).toEqual(json.data.toReversed());
    expect((await waitingTurns(api.prefix)) - turns).toBe(3);
  });

  test("may have 1,000 orders, each with a turn in the submit queue, and no more", async () => {
    const turns = await waitingTurns(api.prefix);
    const { status, json } = await api.orderBatch(numbered(1_000));
    expect([status, json.data.length]).toEqual([202, 1_000]);
    expect(new Set(json.data.map(({ id }: { id: string }) => id)).size).toBe(1_000);
    expect((await waitingTurns(api.prefix)) - turns).toBe(1_000);
    const larger = await api.orderBatch(numbered(1_001));
    expect([larger.status, larger.json.code]).toEqual([422, "invalid_order"]);
    expect(larger.json.errors).toEqual([
      { field: "videos", message: "videos must be a list of 1 to 1000 orders" },
    ]);
  });

  test("may have 16 MiB and no more, while a single order has 256 KiB", async () => {
    const mebibyte = 1024 * 1024;
    const padded = (videos: unknown, bytes: number) => {
      const body = JSON.stringify({ videos });
      return body + " ".repeat(bytes - body.length);
    };
    const headers = { "content-type": "application/json" };
    const post = (path: string, body: string) => api.ask(path, { method: "POST", headers, body });
    expect((await post("/v1/videos/batch", padded(numbered(1), 16 * mebibyte))).status).toBe(202);
    const tooLarge = await post("/v1/videos/batch", padded(numbered(1), 16 * mebibyte + 1));
    expect([tooLarge.status, tooLarge.json.code]).toEqual([413, "body_too_large"]);
    expect(tooLarge.json.detail).toContain("a batch 16 MiB");
    expect((await post("/v1/videos", padded(numbered(1), mebibyte))).status).toBe(413);
  });
});

describe("a batch with wrong orders", () => {
  test("names everything wrong in every one of them, and none is created", async () => {
    const before = await storedKeys(server.url, api.prefix);
    const { status, json } = await api.orderBatch([
      textOrder(),
      textOrder({ prompt: "", duration: 7 }),
      7,
      { ...textOrder(), unheard_of: 1 },
    ]);
    expect([status, json.code]).toEqual([422, "invalid_order"]);
    const fields = json.errors.map(({ field }: { field: string }) => field);
    expect(new Set(fields)).toEqual(
      new Set(["videos[1].input.prompt", "videos[1].input.duration", "videos[2]", "videos[3].unheard_of"]),
    );
    expect(await storedKeys(server.url, api.prefix)).toEqual(before);
  });

  test("of which every one is wrong in many ways has a reason for each", async () => {
    const wrong = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`wrong_${index}`, 1]));
    const { json } = await api.orderBatch(Array.from({ length: 1_000 }, () => wrong));
    const items = new Set(
      json.errors.map(({ field }: { field: string }) => /^videos\[\d+\]/.exec(field)?.[0]),
    );
    expect(items.size).toBe(1_000);
    expect(json.errors_omitted).toBeUndefined();
    expect(json.errors.at(-1)).toEqual({ field: "videos[999]", message: "and 16 further errors" });
  });

  test.each([
    ["no list", { videos: {} }, ["videos"]],
    ["an empty one", { videos: [] }, ["videos"]],
    ["no object", [], ["body"]],
    ["a field too many", { videos: [textOrder()], dry_run: true }, ["dry_run"]],
  ])("where there is %s it is refused", async (_, body, fields) => {
    const { status, json } = await api.ask("/v1/videos/batch", { method: "POST", body });
    expect([status, json.code]).toEqual([422, "invalid_order"]);
    expect(json.errors.map(({ field }: { field: string }) => field)).toEqual(fields);
  });

  test("needs a key of its own, as single orders do", async () => {
    const missing = await api.orderBatch(numbered(1), { idempotencyKey: null });
    expect([missing.status, missing.json.code]).toEqual([400, "idempotency_key_missing"]);
  });
});

describe("the same key", () => {
  test("with the same batch gives the same videos as they are by now, and says so", async () => {
    const idempotencyKey = freshKey();
    const first = await api.orderBatch(numbered(3), { idempotencyKey });
    const ids = first.json.data.map(({ id }: { id: string }) => id);
    await api.ask(`/v1/videos/${ids[1]}/cancel`, { method: "POST" });
    const second = await api.orderBatch(numbered(3), { idempotencyKey });
    expect([second.status, second.headers.get("idempotent-replayed")]).toEqual([202, "true"]);
    expect(second.json.data.map(({ id, phase }: { id: string; phase: string }) => [id, phase])).toEqual([
      [ids[0], "queued"],
      [ids[1], "cancelled"],
      [ids[2], "queued"],
    ]);
  });

  test("with anything else is refused, and changes nothing", async () => {
    const idempotencyKey = freshKey();
    await api.orderBatch(numbered(2), { idempotencyKey });
    const before = await storedKeys(server.url, api.prefix);
    const other = [numbered(3), numbered(2).toReversed(), [textOrder()]];
    const answers = await Promise.all(other.map((orders) => api.orderBatch(orders, { idempotencyKey })));
    answers.push(await api.order(textOrder({ prompt: "number 0" }), { idempotencyKey }));
    for (const { status, json } of answers)
      expect([status, json.code]).toEqual([422, "idempotency_key_reused"]);
    expect(await storedKeys(server.url, api.prefix)).toEqual(before);
  });

  test("raced by 20 batches makes one", async () => {
    const idempotencyKey = freshKey();
    const before = await redis.zcard(`${api.prefix}:listing:anonymous`);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api.orderBatch(numbered(10), { idempotencyKey })),
    );
    expect(
      new Set(answers.map(({ json }) => JSON.stringify(json.data.map(({ id }: { id: string }) => id)))).size,
    ).toBe(1);
    expect(answers.filter(({ headers }) => headers.get("idempotent-replayed") === null).length).toBe(1);
    expect((await redis.zcard(`${api.prefix}:listing:anonymous`)) - before).toBe(10);
  });
});

test("a budget that holds half of a batch holds none of it, and says which orders were too many", async () => {
  const thrifty = await run({ BUDGET_USD_PER_DAY: "2.5" });
  const refused = await thrifty.orderBatch(numbered(5));
  expect([refused.status, refused.json.code]).toEqual([402, "over_budget"]);
  expect(refused.json.errors).toEqual([
    { field: "videos[2]", message: "costs $1.00, of which the budget has $0.50 left here" },
    { field: "videos[3]", message: "costs $1.00, of which the budget has $0.00 left here" },
    { field: "videos[4]", message: "costs $1.00, of which the budget has $0.00 left here" },
  ]);
  expect(refused.json.detail).toContain("The batch costs $5.00, and $2.50 of today's budget are left.");
  expect(await storedKeys(server.url, thrifty.prefix)).toEqual([]);
  expect((await thrifty.orderBatch(numbered(2))).status).toBe(202);
  expect((await thrifty.orderBatch(numbered(1))).status).toBe(402);
});

test("batches that race for a budget never pass it, and each has all of it or nothing", async () => {
  const thrifty = await run({ BUDGET_USD_PER_DAY: "10" });
  const answers = await Promise.all(Array.from({ length: 8 }, () => thrifty.orderBatch(numbered(3))));
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  expect(statuses).toEqual([202, 202, 202, 402, 402, 402, 402, 402]);
  expect(await redis.zcard(`${thrifty.prefix}:listing:anonymous`)).toBe(9);
});

test("an api that is killed in the middle of a batch leaves it whole or not at all", async () => {
  const size = 300;
  const kill = async (owner: string, delayMs: number): Promise<void> => {
    const key = `key-of-${owner}`;
    const started = startProcess({ REDIS_URL: server.url, API_KEYS: `${owner}:${sha256Hex(key)}` });
    const url = `http://127.0.0.1:${await started.port()}`;
    await untilTrue(async () => (await fetch(`${url}/readyz`)).status === 200);
    const headers = {
      "content-type": "application/json",
      "idempotency-key": "k",
      authorization: `Bearer ${key}`,
    };
    const body = JSON.stringify({ videos: numbered(size) });
    const answer = fetch(`${url}/v1/videos/batch`, { method: "POST", headers, body });
    const status = answer.then(
      (response) => response.status,
      () => 0,
    );
    await sleep(delayMs);
    started.child.kill("SIGKILL");
    await started.exit;
    const stored = await redis.zrange(`{rushes}:listing:${owner}`, 0, -1);
    if ((await status) === 202) expect(stored.length).toBe(size);
    expect([0, size]).toContain(stored.length);
    // Its wake-ups may be missing, all or some: each of its videos is one that the sweep looks for.
    const due = await redis.zrange("{rushes}:due", 0, -1);
    expect(stored.filter((id) => !due.includes(id))).toEqual([]);
  };
  for (const delayMs of [10, 30]) await kill(`killed-${delayMs}`, delayMs);
});

test("what an api that died had not woken is woken by the sweep", async () => {
  const own = await run({});
  const { json } = await own.orderBatch(numbered(20));
  const ids = json.data.map(({ id }: { id: string }) => id);
  // As if it had died before the first wake-up.
  await redis.del(`${own.prefix}:submit:wait`);
  for (const id of ids) await redis.zadd(`${own.prefix}:due`, 0, id);
  const ledger = createLedger(redis, own.prefix, {
    budgetMicros: null,
    leaseMaxMs: 1_000,
    submitDeadlineMs: 1_000,
    billFailedTasks: false,
  });
  const woken = await ledger.claimOverdue(0);
  expect(new Set(woken.map(({ videoId }) => videoId))).toEqual(new Set(ids));
});
