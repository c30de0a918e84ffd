import { afterEach, describe, expect, test } from "vitest";
import { createClient, RushesError, type ClientSettings, type Order } from "../src/index.ts";
import {
  breakOff,
  json,
  problem,
  startScriptedApi,
  video,
  type Reply,
  type ScriptedApi,
} from "./scripted-api.ts";

const ORDER: Order = { input: { mode: "master-text-to-video", prompt: "a lake", duration: 5 } };
const hang: Reply = () => {};

let api: ScriptedApi | undefined;
afterEach(async () => {
  await api?.stop();
});

async function client(script: [Reply, ...Reply[]], settings: Partial<ClientSettings> = {}) {
  api = await startScriptedApi(...script);
  return { rushes: createClient({ url: api.url, ...settings }), seen: api.seen };
}

async function errorOf(promise: Promise<unknown>): Promise<RushesError> {
  const error = await promise.then(
    () => new Error("it was answered"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RushesError);
  return error as RushesError;
}

describe("an order is repeated with the same key and bytes", () => {
  test.each<[string, Reply]>([
    ["503", problem(503, "redis_unavailable")],
    ["429", problem(429, "too_many_requests")],
    ["500", problem(500, "internal_error")],
    ["a gateway's 502", (response) => void response.writeHead(502).end("<html>")],
    ["a connection that breaks", breakOff],
    ["no answer in time", hang],
  ])("after %s", async (_, reply) => {
    const { rushes, seen } = await client([reply, reply, json(video("queued"), 202)], { timeoutMs: 500 });
    expect(await rushes.order(ORDER)).toMatchObject({ id: "vid_1" });
    expect(seen).toHaveLength(3);
    expect(
      new Set(seen.map(({ headers, body }) => JSON.stringify([headers["idempotency-key"], body]))).size,
    ).toBe(1);
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual(ORDER);
  });

  test("with the caller's own key, and one that is made up for every other order", async () => {
    const { rushes, seen } = await client([json(video("queued"), 202)]);
    await rushes.order(ORDER, { idempotencyKey: "order-4711" });
    await rushes.order(ORDER);
    await rushes.order(ORDER);
    const keys = seen.map(({ headers }) => headers["idempotency-key"]);
    expect(keys[0]).toBe("order-4711");
    expect(new Set(keys).size).toBe(3);
  });

  test("but the caller is told at once when the api wants to be left alone for long", async () => {
    const { rushes, seen } = await client([problem(429, "too_many_requests", {}, { "retry-after": "3600" })]);
    expect(await errorOf(rushes.order(ORDER))).toMatchObject({ status: 429, retryAfterMs: 3_600_000 });
    expect(seen).toHaveLength(1);
  });

  test("and when nothing helps, the error has the key to go on with", async () => {
    const { rushes, seen } = await client([breakOff], { maxAttempts: 2 });
    const error = await errorOf(rushes.order(ORDER));
    expect(error).toMatchObject({ code: "unreachable", status: null, isUnsure: true });
    expect(seen).toHaveLength(2);
    expect(error.idempotencyKey).toBe(seen[0]?.headers["idempotency-key"]);
  });
});

describe("not repeated", () => {
  test.each([400, 401, 402, 403, 404, 409, 422, 501])("%i", async (status) => {
    const { rushes, seen } = await client([problem(status, "some_code")]);
    const error = await errorOf(rushes.order(ORDER));
    expect(error).toMatchObject({ status, code: "some_code", isUnsure: status >= 500 });
    expect(seen).toHaveLength(1);
  });

  test.each<[string, Reply]>([
    ["503", problem(503, "redis_unavailable")],
    ["429", problem(429, "too_many_requests")],
    ["a connection that breaks", breakOff],
  ])("a replay, of which each is one more: %s", async (_, reply) => {
    const { rushes, seen } = await client([reply, json({})]);
    await errorOf(rushes.replay("vid_1", "vid_1_5"));
    expect(seen).toHaveLength(1);
  });

  test("what the caller has given up, whose own reason is thrown", async () => {
    const reason = new Error("the shop closes");
    const controller = new AbortController();
    const closing: Reply = (response, seen) => {
      controller.abort(reason);
      problem(503, "redis_unavailable")(response, seen);
    };
    const { rushes, seen } = await client([closing]);
    await expect(rushes.order(ORDER, { signal: controller.signal })).rejects.toBe(reason);
    expect(seen).toHaveLength(1);
  });
});

describe("what is wrong", () => {
  test("is named field by field, with the request's id", async () => {
    const errors = [{ field: "input.duration", message: "duration must be 5 or 10" }];
    const { rushes } = await client([problem(422, "invalid_order", { errors }, { "x-request-id": "r-1" })]);
    const error = await errorOf(rushes.order(ORDER));
    expect(error.errors).toEqual([{ ...errors[0], item: null }]);
    expect(error.requestId).toBe("r-1");
    expect(error.message).toContain("input.duration: duration must be 5 or 10");
  });

  test("is said of what is no api at all", async () => {
    const { rushes } = await client([
      (response) => void response.writeHead(301, { location: "https://elsewhere.example/" }).end(),
    ]);
    const error = await errorOf(rushes.order(ORDER));
    expect(error).toMatchObject({ code: "unexpected_answer", status: 301 });
    expect(error.message).toContain("https://elsewhere.example/");
    await api?.stop();
    const page = await client([(response) => void response.writeHead(200).end("<html>")]);
    expect(await errorOf(page.rushes.get("vid_1"))).toMatchObject({ code: "unexpected_answer", status: 200 });
  });

  test("is said of an address that cannot be one", () => {
    for (const url of ["", "127.0.0.1:8080", "ftp://x", "http://user:secret@x/"])
      expect(() => createClient({ url })).toThrow(TypeError);
  });
});

describe("orderMany", () => {
  const batchReply: Reply = (response, seen) => {
    const { videos } = JSON.parse(seen.body) as { videos: Order[] };
    const data = videos.map(({ metadata }) => video("queued", `vid_${JSON.stringify(metadata?.["n"])}`));
    json({ object: "list", data }, 202)(response, seen);
  };
  const many = (count: number): Order[] =>
    Array.from({ length: count }, (_, n) => ({ ...ORDER, metadata: { n } }));

  test("cuts into batches of 1,000, each under a key of its own that is the same next time", async () => {
    const { rushes, seen } = await client([batchReply]);
    const sizes: number[] = [];
    const videos = await rushes.orderMany(many(2_001), {
      idempotencyKey: "night",
      onBatch: (batch) => sizes.push(batch.length),
    });
    expect(sizes).toEqual([1_000, 1_000, 1]);
    expect(videos.map(({ id }) => id)).toEqual(many(2_001).map((_, n) => `vid_${n}`));
    const keys = seen.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toEqual(["night.1", "night.2", "night.3"]);
    const bodies = seen.map(({ body }) => body);
    await rushes.orderMany(many(2_001), { idempotencyKey: "night" });
    expect(seen.slice(3).map(({ body }) => body)).toEqual(bodies);
    expect(seen.slice(3).map(({ headers }) => headers["idempotency-key"])).toEqual(keys);
  });

  test("repeats a batch under its key, and goes on", async () => {
    const { rushes, seen } = await client([batchReply, problem(503, "redis_unavailable"), batchReply]);
    expect(await rushes.orderMany(many(1_500))).toHaveLength(1_500);
    expect(seen[1]?.headers["idempotency-key"]).toBe(seen[2]?.headers["idempotency-key"]);
    expect(seen[1]?.body).toBe(seen[2]?.body);
  });

  test("tells which of all orders is wrong, and what was ordered before", async () => {
    const errors = [
      { field: "videos[3].input.prompt", message: "prompt must not be empty" },
      { field: "videos[4]", message: "costs $1.00" },
    ];
    const { rushes } = await client([batchReply, problem(422, "invalid_order", { errors })]);
    const error = await errorOf(rushes.orderMany(many(1_010), { idempotencyKey: "night" }));
    expect(error.errors).toEqual([
      { field: "input.prompt", message: "prompt must not be empty", item: 1_003 },
      { field: "", message: "costs $1.00", item: 1_004 },
    ]);
    expect(error.message).toContain("videos[1003].input.prompt: prompt must not be empty");
    expect(error.message).not.toContain("videos[3]");
    expect(error).toMatchObject({ status: 422, idempotencyKey: "night" });
    expect(error.ordered).toHaveLength(1_000);
  });

  test("of nothing orders nothing", async () => {
    const { rushes, seen } = await client([batchReply]);
    expect(await rushes.orderMany([])).toEqual([]);
    expect(seen).toEqual([]);
  });
});

test("list reads page after page, and no more than is read", async () => {
  const page = (ids: string[], has_more: boolean): Reply =>
    json({
      object: "list",
      data: ids.map((id) => video("queued", id)),
      last_id: ids.at(-1) ?? null,
      has_more,
    });
  const script = [page(["vid_3", "vid_2"], true), page([], true), page(["vid_1"], false)] as const;
  const withEmpty = await client([
    script[0],
    json({ data: [], last_id: "vid_2", has_more: true }),
    script[2],
  ]);
  const ids: string[] = [];
  for await (const { id } of withEmpty.rushes.list({ status: "queued", pageSize: 2 })) ids.push(id);
  expect(ids).toEqual(["vid_3", "vid_2", "vid_1"]);
  expect(withEmpty.seen.map(({ path }) => path)).toEqual([
    "/v1/videos?status=queued&limit=2",
    "/v1/videos?status=queued&limit=2&after=vid_2",
    "/v1/videos?status=queued&limit=2&after=vid_2",
  ]);
  await api?.stop();
  const first = await client([script[0]]);
  for await (const { id } of first.rushes.list()) {
    expect(id).toBe("vid_3");
    break;
  }
  expect(first.seen).toHaveLength(1);
});
