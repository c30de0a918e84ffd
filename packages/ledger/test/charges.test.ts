import { createHash } from "node:crypto";
import { Redis } from "ioredis";
import { orderSchema, type AttemptKey, type Order } from "@rushes/pipeline";
import { startTestRedis, uniquePrefix, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  createLedger,
  readCharges,
  sumCharges,
  type Charge,
  type ChargeQuery,
  type Ledger,
} from "../src/index.ts";
import { SETTINGS } from "./ledger-settings.ts";

let server: TestRedis;
let redis: Redis;
let prefix: string;
let ledger: Ledger;

beforeAll(async () => {
  server = await startTestRedis({ appendOnly: false });
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => {
  prefix = uniquePrefix("charges");
  ledger = createLedger(redis, prefix, SETTINGS);
});

const PROBLEM = { code: "some_problem", class: "unknown", message: "as the test says" } as const;
/** Three characters that take one, two and four bytes in UTF-8, and one that JSON escapes. */
const INPUT = {
  mode: "standard-image-to-video",
  prompt: 'a "still" life, é, 😀',
  duration: 5,
  image_urls: ["https://example.com/a.jpg"],
};

async function attempted(id: string, extra: Partial<Order> = {}, account = "main"): Promise<AttemptKey> {
  const order = orderSchema.parse({ input: INPUT, max_charges: 3, ...extra });
  await ledger.admit({ videoId: id, owner: "caller", idempotencyKey: null, order });
  return await claimed(account);
}

async function claimed(account = "main"): Promise<AttemptKey> {
  const claim = await ledger.claimSubmission([{ name: account, concurrency: 99, rate: 1_000_000 }]);
  if (claim.kind !== "claimed") throw new Error(`expected a claim, got ${claim.kind}`);
  const { videoId, number, secret } = claim;
  return { videoId, number, secret, account };
}

const accept = (attempt: AttemptKey, taskId: string) =>
  ledger.learnAnswer(attempt, { fact: "accepted", taskId, firstLookMs: 60_000 });
const lose = (attempt: AttemptKey) => ledger.learnAnswer(attempt, { fact: "unknown" });
const refuse = (attempt: AttemptKey, fact: "not_sent" | "refused_for_now") =>
  ledger.learnAnswer(attempt, { fact, kind: "unavailable", backoffMs: 0, problem: PROBLEM });

async function rowsOf(query: ChargeQuery = {}): Promise<Charge[]> {
  const rows: Charge[] = [];
  for await (const row of readCharges(redis, prefix, query)) rows.push(row);
  return rows;
}
const outcomes = async (): Promise<string[]> => (await rowsOf()).map(({ outcome }) => outcome);

describe("a row", () => {
  test("is there from the intent on, before anything is posted", async () => {
    const { secret } = await attempted("vid_a");
    const [row, ...rest] = await rowsOf();
    expect(rest).toEqual([]);
    expect(row).toEqual({
      video: "vid_a",
      attempt: 1,
      account: "main",
      mode: "standard-image-to-video",
      duration: 5,
      price_usd: 0.2,
      intent_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      answered_at: null,
      accepted_at: null,
      ended_at: null,
      outcome: "open",
      task_id: null,
      request_sha256: createHash("sha256").update(JSON.stringify(INPUT)).digest("hex"),
      secret_sha256: createHash("sha256").update(secret).digest("hex"),
      billed: "reserved",
      day: row?.intent_at?.slice(0, 10),
    });
    expect(JSON.stringify(row)).not.toContain(secret);
  });

  test("follows its attempt to the task's end", async () => {
    const attempt = await attempted("vid_a");
    await accept(attempt, "task-1");
    await ledger.recordLook(attempt, "task-1", { report: "succeeded", resultUrls: ["https://f.example/a"] });
    expect(await rowsOf()).toMatchObject([
      {
        outcome: "accepted",
        task_id: "task-1",
        billed: "billed",
        answered_at: expect.any(String),
        accepted_at: expect.any(String),
        ended_at: expect.any(String),
      },
    ]);
  });

  test("says of each attempt what became of it", async () => {
    await refuse(await attempted("vid_a"), "not_sent");
    await refuse(await claimed(), "refused_for_now");
    await ledger.learnAnswer(await claimed(), { fact: "refused", problem: PROBLEM });
    await lose(await attempted("vid_b"));
    await ledger.release("vid_b", 1, null, "anna");
    await lose(await claimed());
    await lose(await attempted("vid_c"));
    await ledger.writeOff("vid_c", "anna");
    await lose(await attempted("vid_d"));
    await ledger.adopt("vid_d", "task-d", "anna");
    expect(
      (await rowsOf()).map(({ video, attempt, outcome, billed }) => [video, attempt, outcome, billed]),
    ).toEqual([
      ["vid_a", 1, "not_sent", "returned"],
      ["vid_a", 2, "refused", "returned"],
      ["vid_a", 3, "refused", "returned"],
      ["vid_b", 1, "released", "reserved"],
      ["vid_b", 2, "unconfirmed", "reserved"],
      ["vid_c", 1, "written_off", "billed"],
      ["vid_d", 1, "adopted", "billed"],
    ]);
  });

  test("of an extra charge stays one, however often its callback comes", async () => {
    const first = await attempted("vid_a");
    await lose(first);
    await ledger.release("vid_a", 1, null, "anna");
    await accept(await claimed(), "task-2");
    await accept(first, "task-1");
    await accept(first, "task-1");
    expect(await rowsOf()).toMatchObject([
      { task_id: "task-1", outcome: "extra", billed: "billed" },
      { task_id: "task-2", outcome: "accepted", billed: "billed" },
    ]);
  });

  test("of an adopted task stays one when its own callback confirms it", async () => {
    const first = await attempted("vid_a");
    await lose(first);
    await ledger.adopt("vid_a", "task-1", "anna");
    await accept(first, "task-1");
    expect(await outcomes()).toEqual(["adopted"]);
  });

  test("of an adopted task is an accepted one's once the provider has named another attempt's", async () => {
    const first = await attempted("vid_a");
    await lose(first);
    await ledger.release("vid_a", 1, null, "anna");
    await lose(await claimed());
    await ledger.adopt("vid_a", "task-1", "anna");
    expect(await outcomes()).toEqual(["released", "adopted"]);
    await accept(first, "task-1");
    expect(await rowsOf()).toMatchObject([
      { task_id: "task-1", outcome: "accepted" },
      { task_id: null, outcome: "released" },
    ]);
  });

  test("is told of a task that none of the video's attempts has brought, until one takes it", async () => {
    const first = await attempted("vid_a");
    await accept(first, "task-1");
    const unknown = { ...first, number: 5, secret: "rolled back by a power cut" };
    await accept(unknown, "task#2");
    const [, stray, ...rest] = await rowsOf();
    expect(rest).toEqual([]);
    expect(stray).toMatchObject({
      attempt: null,
      account: null,
      intent_at: null,
      outcome: "extra",
      task_id: "task#2",
      billed: "billed",
      price_usd: 0.2,
    });
    // It touches no attempt that is still to come.
    expect(await redis.hkeys(`${prefix}:video:vid_a`)).not.toContain("5.outcome");
  });
});

describe("reading", () => {
  test("sees every row once, also where more share a millisecond than a page has", async () => {
    await attempted("vid_a");
    const fields = await redis.hgetall(`${prefix}:video:vid_a`);
    const order = (await redis.get(`${prefix}:order:vid_a`)) ?? "";
    const pipeline = redis.pipeline();
    const ids: string[] = [];
    for (let i = 0; i < 1_100; i += 1) {
      const id = `vid_${String(i).padStart(4, "0")}`;
      ids.push(id);
      pipeline.hset(`${prefix}:video:${id}`, fields).set(`${prefix}:order:${id}`, order);
      // 700 at one moment, the others in pairs.
      pipeline.zadd(`${prefix}:charges`, i < 700 ? 1_000 : 1_000 + Math.floor(i / 2), `${id}#1`);
    }
    await pipeline.exec();
    const rows = await rowsOf({ toMs: 1_000_000 });
    expect(rows.map(({ video }) => video)).toEqual(ids);
  });

  test("takes only what was asked for", async () => {
    await accept(await attempted("vid_a", {}, "main"), "task-a");
    await lose(await attempted("vid_b", {}, "other"));
    const [a, b] = await rowsOf();
    await redis.zadd(`${prefix}:charges`, 1_000, "vid_a#1", 2_000, "vid_b#1");
    expect(await rowsOf({ outcome: "accepted" })).toEqual([a]);
    expect(await rowsOf({ outcome: "unconfirmed", account: "other" })).toEqual([b]);
    expect(await rowsOf({ outcome: "accepted", account: "other" })).toEqual([]);
    expect(await rowsOf({ fromMs: 1_000, toMs: 2_000 })).toEqual([a]);
    expect(await rowsOf({ fromMs: 1_001 })).toEqual([b]);
  });

  test("forgets rows with their record", async () => {
    const first = await attempted("vid_a");
    await accept(first, "task-1");
    await accept({ ...first, number: 5, secret: "rolled back" }, "task-2");
    await ledger.recordLook(first, "task-1", {
      report: "failed",
      problem: PROBLEM,
      mayRetry: false,
      backoffMs: 0,
    });
    expect(await rowsOf()).toHaveLength(2);
    await redis.zadd(`${prefix}:ended`, 1, "vid_a");
    await ledger.forgetEnded(0, 10);
    expect(await redis.zcard(`${prefix}:charges`)).toBe(0);
  });
});

describe("sums", () => {
  test("are the money that the budget counts, per day, mode and account", async () => {
    await accept(await attempted("vid_a"), "task-a");
    await lose(await attempted("vid_b"));
    const input = { mode: "pro-image-to-video", prompt: "x", duration: 10, image_urls: INPUT.image_urls };
    await lose(await attempted("vid_c", orderSchema.parse({ input }), "other"));
    await refuse(await attempted("vid_d", {}, "other"), "refused_for_now");
    const sums = await sumCharges(readCharges(redis, prefix));
    const day = new Date(await ledger.readTime()).toISOString().slice(0, 10);
    expect(sums).toHaveLength(3);
    expect(sums).toContainEqual({
      day,
      mode: "standard-image-to-video",
      account: "main",
      count: 2,
      billed_usd: 0.2,
      reserved_usd: 0.2,
      outcomes: { accepted: 1, unconfirmed: 1 },
    });
    const dayNumber = Math.floor(Date.parse(day) / 86_400_000);
    const [billed, reserved, free] = [
      await redis.hget(`${prefix}:spend:${dayNumber}`, "billed"),
      await redis.hget(`${prefix}:spend:${dayNumber}`, "reserved"),
      // Queued videos hold money that no attempt has taken yet.
      await freeMicros(),
    ];
    const sumOf = (field: "billed_usd" | "reserved_usd"): number =>
      sums.reduce((sum, entry) => sum + Math.round(entry[field] * 1e6), 0);
    expect(sumOf("billed_usd")).toBe(Number(billed));
    expect(sumOf("reserved_usd")).toBe(Number(reserved) - free);
  });
});

async function freeMicros(): Promise<number> {
  const { ids } = await ledger.list({ phases: ["queued"], owner: null, limit: 99, after: null });
  const prices = await Promise.all(ids.map((id) => redis.hget(`${prefix}:video:${id}`, "price")));
  return prices.reduce((sum, price) => sum + Number(price), 0);
}

describe("what an ended task is said to have cost", () => {
  const failed = { report: "failed", problem: PROBLEM, mayRetry: false, backoffMs: 1 } as const;
  const succeeded = { report: "succeeded", resultUrls: ["https://f.example/a"] } as const;

  test("is its price, told once, also for a task beside the one that the video follows", async () => {
    const attempt = await attempted("vid_a");
    await accept(attempt, "task-1");
    expect(await ledger.recordLook(attempt, "task-1", succeeded)).toMatchObject({ chargedMicros: 200_000 });
    expect(await ledger.recordLook(attempt, "task-1", succeeded)).toMatchObject({ chargedMicros: 0 });

    const lost = await attempted("vid_b");
    await lose(lost);
    await ledger.release("vid_b", 1, null, "someone");
    const second = await claimed();
    await accept(second, "task-2");
    await accept(lost, "task-3");
    expect(await ledger.recordLook(second, "task-2", succeeded)).toMatchObject({
      result: "moved",
      chargedMicros: 200_000,
    });
    expect(await ledger.recordLook(lost, "task-3", succeeded)).toMatchObject({
      result: "watched",
      chargedMicros: 200_000,
    });
  });

  test("is nothing for a failed one, unless failed tasks are billed", async () => {
    for (const [billFailedTasks, chargedMicros] of [
      [false, 0],
      [true, 200_000],
    ] as const) {
      const id = `vid_${billFailedTasks}`;
      const attempt = await attempted(id);
      await accept(attempt, id);
      const billing = createLedger(redis, prefix, { ...SETTINGS, billFailedTasks });
      expect(await billing.recordLook(attempt, id, failed)).toMatchObject({ chargedMicros });
    }
  });
});
