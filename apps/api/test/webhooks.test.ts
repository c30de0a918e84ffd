import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ledger } from "@rushes/ledger";
import type { Delivery } from "@rushes/pipeline";
import { startTestRedis, type TestRedis } from "@rushes/test-rig";
import { deliverySchema } from "../src/delivery-schema.ts";
import { runApi, sha256Hex, storedKeys, textOrder, workersLedger, type RunningApi } from "./running-api.ts";

const ANNA = "anna-key-0123456789";
const BEN = "ben-key-0123456789";
const OPS = "ops-key-0123456789";

let server: TestRedis;
let redis: Redis;
let api: RunningApi;
let ledger: Ledger;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  api = await runApi(server.url, {
    API_KEYS: `anna:${sha256Hex(ANNA)},ben:${sha256Hex(BEN)},ops:${sha256Hex(OPS)}:admin`,
  });
  ledger = workersLedger(redis, api);
});

afterAll(async () => {
  await api.stop(new AbortController().signal);
  redis.disconnect();
  await server.stop();
});

const webhook_url = "https://hooks.example/rushes?token=of-anna";

/** A cancelled video of Anna's that a webhook is owed for. */
async function cancelled(): Promise<{ id: string; delivery: Delivery }> {
  const { json } = await api.order({ ...textOrder(), webhook_url }, { key: ANNA });
  await api.ask(`/v1/videos/${json.id}/cancel`, { method: "POST", key: ANNA });
  const [delivery] = await ledger.deliveries.list(json.id);
  if (!delivery) throw new Error("nothing is owed");
  return { id: json.id, delivery };
}

const jobsOf = async (id: string): Promise<string[]> => {
  const keys = await storedKeys(server.url, `${api.prefix}:notify:${id}`);
  return keys.filter((key) => !key.endsWith(":logs"));
};

const replay = (id: string, delivery: string, key = ANNA) =>
  api.ask(`/v1/videos/${id}/deliveries/${delivery}/replay`, { method: "POST", key });

test("an order may name a webhook, and the same order is the same however its events are written", async () => {
  const order = { ...textOrder(), webhook_url, webhook_events: ["video.late", "failed"] };
  const first = await api.order(order, { key: ANNA, idempotencyKey: "webhooks" });
  expect(first.status).toBe(202);
  const same = { ...order, webhook_events: ["failed", "late", "video.failed"] };
  const second = await api.order(same, { key: ANNA, idempotencyKey: "webhooks" });
  expect([second.status, second.json.id]).toEqual([202, first.json.id]);
  const other = { ...order, webhook_events: ["failed"] };
  expect((await api.order(other, { key: ANNA, idempotencyKey: "webhooks" })).status).toBe(422);
});

test("a cancelled video's webhook is owed and its job waits at once", async () => {
  const { id, delivery } = await cancelled();
  expect(delivery).toMatchObject({ event: "cancelled", state: "pending" });
  expect(await jobsOf(id)).toEqual([`${api.prefix}:notify:${id}.notify.${delivery.number}`]);
});

describe("the deliveries of a video", () => {
  test("are listed with every attempt", async () => {
    const { id, delivery } = await cancelled();
    const atMs = delivery.createdMs;
    await ledger.deliveries.record(
      delivery,
      { atMs, durationMs: 12, status: 500, error: null, excerpt: "sorry" },
      { state: "pending", againMs: 60_000 },
    );
    const error = { code: "timeout", message: "too slow" };
    await ledger.deliveries.record(
      { ...delivery, recorded: 1 },
      { atMs: atMs + 60_000, durationMs: 15_000, status: null, error, excerpt: "" },
      { state: "given_up" },
    );
    const { status, json } = await api.ask(`/v1/videos/${id}/deliveries`, { key: ANNA });
    expect([status, json.object, json.data.length]).toEqual([200, "list", 1]);
    expect(deliverySchema.parse(json.data[0])).toEqual({
      id: `${id}_${delivery.number}`,
      object: "delivery",
      event: "video.cancelled",
      state: "given_up",
      created_at: Math.floor(atMs / 1000),
      next_at: null,
      attempts: [
        { at: Math.floor(atMs / 1000), duration_ms: 12, status: 500, error: null, response: "sorry" },
        { at: Math.floor(atMs / 1000) + 60, duration_ms: 15_000, status: null, error, response: "" },
      ],
    });
  });

  test("are none where nobody is to be told", async () => {
    const { json } = await api.order(textOrder(), { key: ANNA });
    const answer = await api.ask(`/v1/videos/${json.id}/deliveries`, { key: ANNA });
    expect([answer.status, answer.json]).toEqual([200, { object: "list", data: [] }]);
  });
});

describe("a replay", () => {
  test("makes a delivery due now, with a job of its own, and says who asked", async () => {
    const { id, delivery } = await cancelled();
    await ledger.deliveries.record(
      delivery,
      { atMs: 1_000, durationMs: 1, status: 410, error: null, excerpt: "" },
      { state: "given_up" },
    );
    const { status, json } = await replay(id, `${id}_${delivery.number}`);
    expect(status).toBe(202);
    expect(deliverySchema.parse(json)).toMatchObject({ id: `${id}_${delivery.number}`, state: "pending" });
    expect(Math.abs(json.next_at - Date.now() / 1000)).toBeLessThan(60);
    const after = await ledger.deliveries.read(id, delivery.number);
    expect(await jobsOf(id)).toContain(`${api.prefix}:notify:${id}.notify.${after?.wake}`);
    expect((await ledger.readEvents(id)).at(-1)).toMatchObject({
      what: "delivery_replayed",
      details: { by: "anna" },
    });
  });

  test("of what is not there is 404, and nothing happens", async () => {
    const { id, delivery } = await cancelled();
    const other = await cancelled();
    const before = await storedKeys(server.url, api.prefix);
    const wrong = [
      `${id}_${delivery.number + 1}`,
      `${other.id}_${other.delivery.number}`,
      `${id}_0`,
      `${id}_0${delivery.number}`,
      `${id}_${delivery.number}x`,
      `${id}_-1`,
      `${id}_${"9".repeat(30)}`,
      String(delivery.number),
      id,
    ];
    for (const name of wrong) {
      const { status, json } = await replay(id, name);
      expect([name, status, json.code]).toEqual([name, 404, "delivery_not_found"]);
    }
    expect(await storedKeys(server.url, api.prefix)).toEqual(before);
  });

  test("takes no fields", async () => {
    const { id, delivery } = await cancelled();
    const path = `/v1/videos/${id}/deliveries/${id}_${delivery.number}/replay`;
    const { status, json } = await api.ask(path, { method: "POST", key: ANNA, body: { now: true } });
    expect([status, json.code]).toEqual([422, "invalid_body"]);
  });
});

test("another caller's deliveries are those of no video; an admin sees and replays all", async () => {
  const { id, delivery } = await cancelled();
  const name = `${id}_${delivery.number}`;
  const list = `/v1/videos/${id}/deliveries`;
  expect((await api.ask(list, { key: BEN })).json.code).toBe("video_not_found");
  expect((await replay(id, name, BEN)).json.code).toBe("video_not_found");
  expect((await ledger.deliveries.read(id, delivery.number))?.wake).toBe(delivery.wake);
  expect((await api.ask(list)).status).toBe(401);
  expect((await api.ask(list, { key: OPS })).json.data.length).toBe(1);
  expect((await replay(id, name, OPS)).status).toBe(202);
  expect((await ledger.readEvents(id)).at(-1)).toMatchObject({ details: { by: "ops" } });
});

test("the address of a webhook, which may hold a token, is not shown and not logged", async () => {
  const { id } = await cancelled();
  const { text } = await api.ask(`/v1/videos/${id}`, { key: ANNA });
  const { text: list } = await api.ask(`/v1/videos/${id}/deliveries`, { key: ANNA });
  expect(text + list + JSON.stringify(api.lines)).not.toContain("of-anna");
});
