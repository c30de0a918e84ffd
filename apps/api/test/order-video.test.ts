import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestRedis, type TestRedis } from "@rushes/test-rig";
import { videoSchema } from "../src/video-schema.ts";
import { freshKey, imageOrder, runApi, storedKeys, textOrder, type RunningApi } from "./running-api.ts";

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

describe("an order", () => {
  test("is answered with 202, its place, and the queued video", async () => {
    const order = { ...textOrder({ aspect_ratio: "9:16" }), metadata: { shot: 7 } };
    const { status, headers, json } = await api.order(order);
    expect(status).toBe(202);
    expect(headers.get("location")).toBe(`/v1/videos/${json.id}`);
    expect(headers.get("idempotent-replayed")).toBeNull();
    expect(headers.get("content-type")).toContain("application/json");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(videoSchema.parse(json)).toEqual(json);
    expect(json).toMatchObject({
      object: "video",
      model: "kling-2-1",
      status: "queued",
      phase: "queued",
      late: false,
      input: { mode: "master-text-to-video", prompt: "a quiet harbour", duration: 5, aspect_ratio: "9:16" },
      submitted_at: null,
      completed_at: null,
      charges: 0,
      cost: { reserved_usd: 1, billed_usd: 0 },
      unconfirmed: null,
      adoption: null,
      provider: { account: null, task_id: null, state: null },
      output: [],
      error: null,
      metadata: { shot: 7 },
    });
    expect(Math.abs(json.created_at - Date.now() / 1000)).toBeLessThan(60);
  });

  test.each([
    ["standard-image-to-video", 1, 5, 0.2],
    ["standard-image-to-video", 1, 10, 0.4],
    ["pro-image-to-video", 1, 5, 0.35],
    ["pro-image-to-video", 2, 10, 0.7],
    ["master-image-to-video", 1, 10, 2],
  ])("of %s with %i images and %i s reserves its price", async (mode, images, duration, price) => {
    const image_urls = Array.from({ length: images }, (_, index) => `https://images.example/${index}.png`);
    const { status, json } = await api.order(imageOrder(mode, { duration, image_urls }));
    expect([status, json.cost.reserved_usd]).toEqual([202, price]);
  });

  test("stands in the submit queue with what an operator wants to see", async () => {
    const { json } = await api.order(textOrder());
    const job = await redis.hget(`${api.prefix}:submit:${json.id}.submit.1`, "data");
    expect(JSON.parse(job ?? "null")).toMatchObject({
      video: json.id,
      link: `/v1/videos/${json.id}`,
      prompt: "a quiet harbour",
    });
  });

  test("carries the request's id and trace to its job and its record, which are no part of what was ordered", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const idempotencyKey = freshKey();
    const headers = { "x-request-id": "checkout-4711", traceparent };
    const { json } = await api.order(textOrder(), { headers, idempotencyKey });
    const origin = { request_id: "checkout-4711", traceparent };
    const job = await redis.hget(`${api.prefix}:submit:${json.id}.submit.1`, "data");
    expect(JSON.parse(job ?? "null")).toMatchObject(origin);
    const order = await redis.get(`${api.prefix}:order:${json.id}`);
    expect(JSON.parse(order ?? "null")).toMatchObject({ origin });
    expect(api.lines).toContainEqual(
      expect.objectContaining({ msg: "request", videoId: json.id, requestId: "checkout-4711", traceparent }),
    );
    // The same order out of another request is the same order.
    const again = await api.order(textOrder(), { idempotencyKey });
    expect([again.status, again.json.id, again.headers.get("idempotent-replayed")]).toEqual([
      202,
      json.id,
      "true",
    ]);
    expect(JSON.stringify(again.json)).not.toContain("checkout-4711");
  });

  test("can be looked at where Location says", async () => {
    const { headers, json } = await api.order(textOrder());
    const looked = await api.ask(headers.get("location") ?? "");
    expect([looked.status, looked.json]).toEqual([200, json]);
  });

  test("of a prompt of 5000 characters outside the basic plane is taken as it is", async () => {
    const prompt = "🎬".repeat(5000);
    const { status, json } = await api.order(textOrder({ prompt }));
    expect([status, json.input.prompt]).toEqual([202, prompt]);
  });
});

describe("the same idempotency key", () => {
  test("with the same order gives the same video as it is by now, and says so", async () => {
    const idempotencyKey = freshKey();
    const first = await api.order(textOrder(), { idempotencyKey });
    await api.ask(`/v1/videos/${first.json.id}/cancel`, { method: "POST" });
    const second = await api.order(textOrder(), { idempotencyKey });
    expect(second.status).toBe(202);
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    expect(second.headers.get("location")).toBe(`/v1/videos/${first.json.id}`);
    expect(second.json).toMatchObject({ id: first.json.id, phase: "cancelled" });
  });

  test("with the same order typed differently is the same order", async () => {
    const idempotencyKey = freshKey();
    const first = await api.order(textOrder(), { idempotencyKey });
    const { input } = textOrder();
    const defaults = { max_charges: 1, model: "kling-2-1", metadata: {}, priority: 0, delay_s: 0 };
    const reversed = Object.fromEntries(Object.entries({ ...input, aspect_ratio: "16:9" }).toReversed());
    const second = await api.order({ ...defaults, input: reversed }, { idempotencyKey });
    expect([second.status, second.json.id]).toEqual([202, first.json.id]);
  });

  test("with another order is refused and changes nothing", async () => {
    const idempotencyKey = freshKey();
    const { json: video } = await api.order(textOrder(), { idempotencyKey });
    const before = await storedKeys(server.url, api.prefix);
    const { status, json } = await api.order(textOrder({ prompt: "another" }), { idempotencyKey });
    expect([status, json.code]).toEqual([422, "idempotency_key_reused"]);
    expect(json.detail).toContain(video.id);
    expect(await storedKeys(server.url, api.prefix)).toEqual(before);
  });

  test("raced by 200 requests makes one video, and exactly one of the answers is not a replay", async () => {
    const idempotencyKey = freshKey();
    const before = await redis.zcard(`${api.prefix}:listing:anonymous`);
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => api.order(textOrder(), { idempotencyKey })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    const fresh = answers.filter(({ headers }) => headers.get("idempotent-replayed") === null);
    expect(fresh.length).toBe(1);
    expect((await redis.zcard(`${api.prefix}:listing:anonymous`)) - before).toBe(1);
  });

  test("may be any 255 visible characters", async () => {
    const idempotencyKey = `!~"'${"k".repeat(251)}`;
    const first = await api.order(textOrder(), { idempotencyKey });
    const second = await api.order(textOrder(), { idempotencyKey });
    expect([first.status, second.json.id]).toEqual([202, first.json.id]);
  });
});

test("without a key each request is an order of its own, where the operator allows that", async () => {
  const lax = await run({ REQUIRE_IDEMPOTENCY_KEY: "false" });
  const first = await lax.order(textOrder(), { idempotencyKey: null });
  const second = await lax.order(textOrder(), { idempotencyKey: null });
  expect([first.status, second.status]).toEqual([202, 202]);
  expect(second.json.id).not.toBe(first.json.id);
});

describe("the budget of the day", () => {
  test("is never passed, and what it refuses leaves nothing behind", async () => {
    const thrifty = await run({ BUDGET_USD_PER_DAY: "2.5" });
    const answers = await Promise.all(Array.from({ length: 6 }, () => thrifty.order(textOrder())));
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([202, 202, 402, 402, 402, 402]);
    const refused = answers.find(({ status }) => status === 402);
    expect(refused?.json.code).toBe("over_budget");
    expect(await redis.zcard(`${thrifty.prefix}:listing:anonymous`)).toBe(2);

    // What is still free may be used, and what is given back may be used again.
    const cheap = await thrifty.order(imageOrder("standard-image-to-video", { duration: 10 }));
    expect(cheap.status).toBe(202);
    const { id } = answers.find(({ status }) => status === 202)?.json ?? {};
    await thrifty.ask(`/v1/videos/${id}/cancel`, { method: "POST" });
    expect((await thrifty.order(textOrder())).status).toBe(202);
  });

  test("of nothing allows nothing", async () => {
    const closed = await run({ BUDGET_USD_PER_DAY: "0" });
    expect((await closed.order(imageOrder("standard-image-to-video"))).status).toBe(402);
    expect(await storedKeys(server.url, closed.prefix)).toEqual([]);
  });

  test("refuses under a key that can be used again later", async () => {
    const closed = await run({ BUDGET_USD_PER_DAY: "0.1" });
    const idempotencyKey = freshKey();
    expect((await closed.order(textOrder(), { idempotencyKey })).status).toBe(402);
    await redis.hset(`${closed.prefix}:spend:${Math.floor(Date.now() / 86_400_000)}`, "reserved", -5_000_000);
    const later = await closed.order(textOrder(), { idempotencyKey });
    expect([later.status, later.headers.get("idempotent-replayed")]).toEqual([202, null]);
  });
});

describe("cancelling", () => {
  test("ends a queued video at no cost, and twice is the same as once", async () => {
    const { json: video } = await api.order(textOrder());
    for (const body of [undefined, {}]) {
      const { status, json } = await api.ask(`/v1/videos/${video.id}/cancel`, {
        method: "POST",
        ...(body ? { body } : {}),
      });
      expect(status).toBe(202);
      expect(json).toMatchObject({ id: video.id, status: "cancelled", cost: { reserved_usd: 0 } });
    }
  });

  test("is refused once the video may have been charged", async () => {
    const { json: video } = await api.order(textOrder());
    // As the submit script leaves it.
    await redis.hset(`${api.prefix}:video:${video.id}`, {
      phase: "submitting",
      attempts: 1,
      "1.state": "open",
      "1.unit": "reserved",
    });
    const { status, json } = await api.ask(`/v1/videos/${video.id}/cancel`, { method: "POST" });
    expect([status, json.code, json.detail]).toEqual([409, "already_submitted", "The video is submitting."]);
  });

  test("of a video that does not exist finds nothing", async () => {
    const { status, json } = await api.ask(`/v1/videos/vid_${"0".repeat(26)}/cancel`, { method: "POST" });
    expect([status, json.code]).toEqual([404, "video_not_found"]);
  });

  test("takes no fields, so that a wish it cannot fulfil is seen", async () => {
    const { json: video } = await api.order(textOrder());
    const { status, json } = await api.ask(`/v1/videos/${video.id}/cancel`, {
      method: "POST",
      body: { refund: true },
    });
    expect([status, json.code]).toEqual([422, "invalid_body"]);
    expect(json.errors).toEqual([{ field: "refund", message: "unknown field" }]);
    expect((await api.ask(`/v1/videos/${video.id}`)).json.phase).toBe("queued");
  });
});
