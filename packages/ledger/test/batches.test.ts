import { readdir, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { orderSchema, type Order } from "@rushes/pipeline";
import { startTestRedis, uniquePrefix, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createLedger, MOST_IN_BATCH, type Ledger, type LedgerSettings } from "../src/index.ts";
import { SETTINGS } from "./ledger-settings.ts";

const PRICE = 200_000;

let server: TestRedis;
let redis: Redis;
let prefix: string;
let ledger: Ledger;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => {
  prefix = uniquePrefix("batches");
  ledger = openLedger({});
});

const openLedger = (settings: Partial<LedgerSettings>): Ledger =>
  createLedger(redis, prefix, { ...SETTINGS, ...settings });

function anOrder(extra: object = {}): Order {
  const input = { mode: "standard-image-to-video", prompt: "a still life", duration: 5 };
  return orderSchema.parse({ input: { ...input, image_urls: ["https://example.com/a.jpg"] }, ...extra });
}

function videosOf(count: number, extra: object = {}): { videoId: string; order: Order }[] {
  return Array.from({ length: count }, (_, index) => ({
    videoId: `vid_${String(index).padStart(4, "0")}`,
    order: anOrder(extra),
  }));
}

const batch = (videos: ReturnType<typeof videosOf>, idempotencyKey: string | null = "key") =>
  ledger.admitBatch({ videos, owner: "anna", idempotencyKey });
const keysLeft = (): Promise<string[]> => redis.keys(`${prefix}:*`);
const idsOf = (videos: ReturnType<typeof videosOf>): string[] => videos.map(({ videoId }) => videoId);

describe("what is answered of an admission", () => {
  const kinds = {
    "with a webhook": { webhook_url: "https://hooks.example/a", webhook_events: ["late"] },
    "for later": { delay_s: 90.5 },
    "of high priority": { priority: 100, max_charges: 3, metadata: { a: "b" } },
    plain: {},
  };
  test.each(Object.entries(kinds))("is the record as it was written: %s", async (_, extra) => {
    const one = await ledger.admit({
      videoId: "vid_one",
      owner: "anna",
      idempotencyKey: null,
      order: anOrder(extra),
    });
    const many = await batch(videosOf(2, extra));
    if (one.kind !== "admitted" || many.kind !== "admitted") throw new Error("refused");
    for (const record of [one.record, ...many.records]) {
      const reading = await ledger.read(record.id);
      expect(reading?.record).toEqual(record);
      expect(reading?.order).toEqual(anOrder(extra));
    }
  });

  test("is what single admissions leave, but for the key", async () => {
    await batch(videosOf(1, { delay_s: 3, webhook_url: "https://hooks.example/a" }), null);
    const [{ videoId, order } = { videoId: "", order: anOrder() }] = videosOf(1, {
      delay_s: 3,
      webhook_url: "https://hooks.example/a",
    });
    const kept = async (): Promise<unknown> => {
      const fields = await redis.hgetall(`${prefix}:video:${videoId}`);
      const times = ["created", "not_before", "due"];
      const events = await ledger.readEvents(videoId);
      return [
        (await keysLeft()).map((key) => key.slice(prefix.length)).toSorted(),
        Object.keys(fields)
          .toSorted()
          .map((name) => [name, times.includes(name) ? "" : fields[name]]),
        events.map(({ rev, phase, what }) => [rev, phase, what]),
      ];
    };
    const ofBatch = await kept();
    prefix = uniquePrefix("batches");
    ledger = openLedger({});
    await ledger.admit({ videoId, owner: "anna", idempotencyKey: null, order });
    expect(await kept()).toEqual(ofBatch);
  });
});

describe("a batch", () => {
  test("stands in line in its order, higher priorities first, and can be claimed and listed", async () => {
    const videos = videosOf(6);
    videos.slice(3).forEach((video) => Object.assign(video.order, { priority: 1 }));
    await batch(videos);
    const ids = idsOf(videos);
    expect((await ledger.list({ phases: ["queued"], owner: "anna", limit: 9, after: null })).ids).toEqual(
      ids.toReversed(),
    );
    expect((await ledger.readTotals()).reservedMicros).toBe(6 * PRICE);
    const claimed: string[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      const claim = await ledger.claimSubmission([{ name: "main", concurrency: 9, rate: 1_000_000 }]);
      if (claim.kind === "claimed") claimed.push(claim.videoId);
    }
    expect(claimed).toEqual([...ids.slice(3), ...ids.slice(0, 3)]);
  });

  test("of the largest size is admitted whole", async () => {
    const admission = await batch(videosOf(MOST_IN_BATCH));
    expect(admission.kind === "admitted" && admission.records.length).toBe(MOST_IN_BATCH);
    expect((await ledger.readTotals()).phases.queued).toBe(MOST_IN_BATCH);
  });

  test("that the budget does not hold as a whole leaves nothing at all", async () => {
    ledger = openLedger({ budgetMicros: 5 * PRICE });
    expect(await batch(videosOf(6))).toEqual({ kind: "over_budget", leftMicros: 5 * PRICE });
    expect(await keysLeft()).toEqual([]);
    expect((await batch(videosOf(3))).kind).toBe("admitted");
    const more = videosOf(6).slice(3);
    expect(await batch(more, "other")).toEqual({ kind: "over_budget", leftMicros: 2 * PRICE });
    expect((await ledger.readTotals()).phases.queued).toBe(3);
  });

  test("under the same key gives the same videos, also those that moved on", async () => {
    const videos = videosOf(3);
    await batch(videos);
    await ledger.cancel("vid_0001");
    const again = videos.map(({ order }, index) => ({ videoId: `vid_other_${index}`, order }));
    expect(await batch(again)).toEqual({ kind: "replayed", videoIds: idsOf(videos) });
    expect((await ledger.readTotals()).phases).toMatchObject({ queued: 2, cancelled: 1 });
  });

  test("shares its keys with single orders, and is never taken for one", async () => {
    const [first] = videosOf(1);
    await batch(videosOf(1));
    const single = { videoId: "vid_single", owner: "anna", order: anOrder() };
    expect(await ledger.admit({ ...single, idempotencyKey: "key" })).toEqual({
      kind: "conflict",
      videoId: first?.videoId,
    });
    await ledger.admit({ ...single, idempotencyKey: "single" });
    const other = videosOf(2).map(({ order }, index) => ({ videoId: `vid_other_${index}`, order }));
    expect(await batch(other, "single")).toEqual({ kind: "conflict", videoId: "vid_single" });
    expect((await ledger.readTotals()).phases.queued).toBe(2);
  });

  test("with orders in another sequence, or another one, is another batch", async () => {
    const videos = [...videosOf(1), { videoId: "vid_b", order: anOrder({ priority: 1 }) }];
    await batch(videos);
    const reversed = [...videos]
      .toReversed()
      .map(({ order }, index) => ({ videoId: `vid_r${index}`, order }));
    for (const other of [reversed, reversed.slice(1)]) expect((await batch(other)).kind).toBe("conflict");
  });

  test("that a dying connection sends twice is admitted once", async () => {
    const videos = videosOf(3);
    const [one, other] = await Promise.all([batch(videos, null), batch(videos, null)]);
    expect(other).toEqual(one);
    expect((await ledger.readTotals()).reservedMicros).toBe(3 * PRICE);
  });

  test("keeps its key until the last of its records is forgotten", async () => {
    const videos = videosOf(3);
    await batch(videos);
    for (const id of ["vid_0000", "vid_0002"]) await ledger.cancel(id);
    await expect.poll(() => ledger.forgetEnded(0, 10)).toBe(2);
    expect(await batch(videos.map(({ order }, index) => ({ videoId: `vid_x${index}`, order })))).toEqual({
      kind: "replayed",
      videoIds: idsOf(videos),
    });
    await ledger.cancel("vid_0001");
    await expect.poll(() => ledger.forgetEnded(0, 10)).toBe(1);
    expect((await keysLeft()).filter((key) => key.includes("idempotency"))).toEqual([]);
  });
});

test("wherever the append-only file is cut within a batch, the batch is there whole or not at all", async () => {
  const own = await startTestRedis({ appendFsync: "always" });
  const connection = new Redis(own.url);
  // It is killed below, again and again.
  connection.on("error", () => {});
  try {
    const folder = join(own.dir, "appendonlydir");
    const file = async (): Promise<string> =>
      join(folder, (await readdir(folder)).find((name) => name.endsWith(".incr.aof")) ?? "");
    const sizeOf = async (): Promise<number> => (await stat(await file())).size;
    const write = createLedger(connection, prefix, SETTINGS);
    await write.admitBatch({ videos: videosOf(2), owner: "before", idempotencyKey: "key" });
    const from = await sizeOf();
    const videos = videosOf(50).map(({ order }, index) => ({ videoId: `vid_after_${index}`, order }));
    await write.admitBatch({ videos, owner: "anna", idempotencyKey: "key" });
    const to = await sizeOf();
    expect(to).toBeGreaterThan(from);
    // From the end backwards, for what is cut stays cut.
    for (const share of [1, 0.9999, 0.9, 0.5, 0.2, 0.0001]) {
      const bytes = from + Math.floor((to - from) * share);
      await own.kill();
      await truncate(await file(), bytes);
      await own.restart();
      const { phases, reservedMicros } = await write.readTotals();
      const there = share === 1 ? 52 : 2;
      expect([share, phases.queued, reservedMicros]).toEqual([share, there, there * PRICE]);
      const keys = await connection.keys(`${prefix}:*`);
      expect(keys.filter((key) => key.includes("anna") || key.includes("after")).length > 0).toBe(
        share === 1,
      );
    }
  } finally {
    connection.disconnect();
    await own.stop();
  }
});
