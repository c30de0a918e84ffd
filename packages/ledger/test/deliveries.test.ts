import { Redis } from "ioredis";
import {
  orderSchema,
  type AttemptKey,
  type Delivery,
  type DeliveryAttempt,
  type Problem,
  type Standing,
} from "@rushes/pipeline";
import { startTestRedis, uniquePrefix, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createLedger, type Ledger, type ReadScript } from "../src/index.ts";
import { A_MANIFEST, SETTINGS } from "./ledger-settings.ts";
import { without } from "./without-rule.ts";

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
  prefix = uniquePrefix("told");
  ledger = openLedger(redis);
});

function openLedger(connection: Redis, read?: ReadScript): Ledger {
  return createLedger(connection, prefix, SETTINGS, read);
}

const ID = "vid_a";
const PROBLEM: Problem = { code: "some_problem", class: "unknown", message: "as the test says" };
const EVERYTHING = ["submitted", "late", "unconfirmed", "completed", "failed", "cancelled"];

async function admitted(webhook_events?: string[], extra: object = {}): Promise<void> {
  const order = orderSchema.parse({
    input: { mode: "master-text-to-video", prompt: "a lake", duration: 5 },
    webhook_url: "https://hooks.example/rushes",
    ...(webhook_events ? { webhook_events } : {}),
    ...extra,
  });
  await ledger.admit({ videoId: ID, owner: "caller", idempotencyKey: null, order });
}

async function claimed(): Promise<AttemptKey> {
  const claim = await ledger.claimSubmission([{ name: "main", concurrency: 9, rate: 1_000_000 }]);
  if (claim.kind !== "claimed") throw new Error(`expected a claim, got ${claim.kind}`);
  return claim;
}

const accept = (attempt: AttemptKey): Promise<Standing> =>
  ledger.learnAnswer(attempt, { fact: "accepted", taskId: "task-1", firstLookMs: 60_000 });
const lose = (attempt: AttemptKey): Promise<Standing> => ledger.learnAnswer(attempt, { fact: "unknown" });
const look = (attempt: AttemptKey, late: boolean): Promise<Standing> =>
  ledger.recordLook(attempt, "task-1", {
    report: "running",
    providerState: "processing",
    nextLookMs: 5_000,
    late,
    looksFailed: 0,
  });
const succeed = (attempt: AttemptKey): Promise<Standing> =>
  ledger.recordLook(attempt, "task-1", { report: "succeeded", resultUrls: ["https://files.example/a.mp4"] });
const fail = (attempt: AttemptKey): Promise<Standing> =>
  ledger.recordLook(attempt, "task-1", { report: "failed", problem: PROBLEM, mayRetry: false, backoffMs: 0 });
const archive = (attempt: AttemptKey): Promise<Standing> =>
  ledger.recordArchive(attempt, "task-1", { result: "stored", output: [], manifest: A_MANIFEST });

const listed = async (): Promise<string[]> => (await ledger.deliveries.list(ID)).map(({ event }) => event);

async function deliveryOf(standing: Standing): Promise<Delivery> {
  const delivery = standing.delivery === null ? null : await ledger.deliveries.read(ID, standing.delivery);
  if (!delivery) throw new Error("expected a delivery");
  return delivery;
}

/** A failed video, whose owner is to be told of it. */
async function owed(): Promise<Delivery> {
  await admitted();
  const attempt = await claimed();
  await accept(attempt);
  return await deliveryOf(await fail(attempt));
}

const again = async (delivery: Delivery): Promise<Delivery> => {
  const read = await ledger.deliveries.read(delivery.videoId, delivery.number);
  if (!read) throw new Error("the delivery is gone");
  return read;
};

const anAttempt = (status: number, atMs = 1): DeliveryAttempt => ({
  atMs,
  durationMs: 3,
  status,
  error: null,
  excerpt: "said",
});

describe("what is told is written in the very script that makes it so", () => {
  test("each of the six events, with the number of its transition", async () => {
    await admitted(EVERYTHING);
    const attempt = await claimed();
    const events = [
      await lose(attempt),
      await accept(attempt),
      await look(attempt, true),
      await succeed(attempt),
      await archive(attempt),
    ];
    expect(events.map(({ rev, delivery }) => (delivery === rev ? rev : delivery))).toEqual([
      3,
      4,
      5,
      null,
      7,
    ]);
    const deliveries = await ledger.deliveries.list(ID);
    expect(deliveries.map(({ event, number }) => [event, number])).toEqual([
      ["unconfirmed", 3],
      ["submitted", 4],
      ["late", 5],
      ["completed", 7],
    ]);
    expect(deliveries[0]).toMatchObject({
      videoId: ID,
      state: "pending",
      wake: 3,
      tries: 0,
      recorded: 0,
      body: null,
      attempts: [],
    });
    const atMs = (await ledger.readEvents(ID)).map((event) => event.atMs);
    expect(deliveries.map(({ createdMs }) => createdMs)).toEqual([2, 3, 4, 6].map((index) => atMs[index]));
  });

  test("a failure", async () => {
    const delivery = await owed();
    expect(delivery).toMatchObject({ event: "failed", state: "pending" });
  });

  test("a cancellation, once", async () => {
    await admitted();
    const standing = await ledger.cancel(ID);
    expect(await deliveryOf(standing)).toMatchObject({ event: "cancelled" });
    expect((await ledger.cancel(ID)).delivery).toBeNull();
    expect(await listed()).toEqual(["cancelled"]);
  });

  test("only what was asked for", async () => {
    await admitted(["completed"]);
    const attempt = await claimed();
    await lose(attempt);
    await accept(attempt);
    await look(attempt, true);
    expect(await listed()).toEqual([]);
    await succeed(attempt);
    await archive(attempt);
    expect(await listed()).toEqual(["completed"]);
  });

  test("an order without a webhook leaves nothing behind", async () => {
    await admitted(undefined, { webhook_url: undefined });
    const attempt = await claimed();
    await accept(attempt);
    expect((await fail(attempt)).delivery).toBeNull();
    expect((await redis.keys(`${prefix}:*`)).filter((key) => /deliver|outbox/.test(key))).toEqual([]);
    expect(await redis.hexists(`${prefix}:video:${ID}`, "webhook")).toBe(0);
  });

  test("late and submitted are told once, however often the task is looked at or bound", async () => {
    await admitted(EVERYTHING);
    const attempt = await claimed();
    await accept(attempt);
    await accept(attempt);
    await look(attempt, false);
    await look(attempt, true);
    await look(attempt, true);
    expect(await listed()).toEqual(["submitted", "late"]);
  });

  test("a video that ends again is told of again, and a task that is first followed after an end is submitted", async () => {
    await admitted(EVERYTHING);
    const attempt = await claimed();
    await lose(attempt);
    await ledger.writeOff(ID, "a person");
    await ledger.learnAnswer(attempt, { fact: "accepted", taskId: "task-1", firstLookMs: 0 });
    const adopted = await ledger.adopt(ID, "task-1", "a person");
    expect(adopted.phase).toBe("generating");
    await succeed(attempt);
    await archive(attempt);
    expect(await listed()).toEqual(["unconfirmed", "failed", "submitted", "completed"]);
  });

  test("what the sweep finds past its deadline is told at once", async () => {
    await admitted(EVERYTHING);
    await claimed();
    await redis.hset(`${prefix}:video:${ID}`, "1.deadline", 1);
    await redis.zadd(`${prefix}:due`, 1, ID);
    expect(await ledger.claimOverdue(0)).toMatchObject([{ phase: "unconfirmed" }]);
    expect(await ledger.deliveries.claimOverdue()).toMatchObject([{ videoId: ID, number: 3 }]);
  });
});

describe("an attempt", () => {
  test("keeps the first body for all that follow", async () => {
    const delivery = await owed();
    expect(await ledger.deliveries.start(delivery, "one")).toBe("one");
    expect(await ledger.deliveries.start(delivery, "another")).toBe("one");
    expect(await again(delivery)).toMatchObject({ body: "one", unfinished: 2 });
  });

  test("that succeeds ends it, and is counted once", async () => {
    const delivery = await owed();
    await ledger.deliveries.start(delivery, "body");
    expect(await ledger.deliveries.record(delivery, anAttempt(204), { state: "delivered" })).toBe(true);
    expect(await ledger.deliveries.record(delivery, anAttempt(500), { state: "given_up" })).toBe(false);
    expect(await again(delivery)).toMatchObject({
      state: "delivered",
      tries: 0,
      recorded: 1,
      unfinished: 0,
      attempts: [anAttempt(204)],
    });
    expect(await ledger.deliveries.countPending()).toBe(0);
    expect(await ledger.deliveries.start(await again(delivery), "body")).toBeNull();
  });

  test("that fails is due again, and a late double of it changes nothing", async () => {
    const delivery = await owed();
    const verdict = { state: "pending", againMs: 60_000 } as const;
    await ledger.deliveries.record(delivery, anAttempt(500), verdict);
    expect(await ledger.deliveries.record(delivery, anAttempt(500, 2), verdict)).toBe(false);
    expect(await ledger.deliveries.record(delivery, anAttempt(200), { state: "delivered" })).toBe(false);
    const failed = await again(delivery);
    expect(failed).toMatchObject({ state: "pending", tries: 1, recorded: 1, attempts: [anAttempt(500)] });
    expect(failed.dueMs - (await ledger.readTime())).toBeGreaterThan(50_000);
    expect(await ledger.deliveries.start(delivery, "body")).toBeNull();
    expect(await ledger.deliveries.start(failed, "body")).toBe("body");
  });

  test("that is given up leaves nothing for the sweep", async () => {
    const delivery = await owed();
    await ledger.deliveries.record(delivery, anAttempt(410), { state: "given_up" });
    expect(await again(delivery)).toMatchObject({ state: "given_up", tries: 1 });
    expect(await ledger.deliveries.countPending()).toBe(0);
  });

  test("the newest fifty are kept", async () => {
    const delivery = await owed();
    for (let recorded = 0; recorded < 53; recorded += 1) {
      await ledger.deliveries.record({ ...delivery, recorded }, anAttempt(500, recorded + 1), {
        state: "pending",
        againMs: 0,
      });
    }
    const { attempts, recorded } = await again(delivery);
    expect(attempts.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 50 }, (_, index) => index + 4));
    expect(recorded).toBe(53);
    const fields = await redis.hkeys(`${prefix}:delivery:${ID}_${delivery.number}`);
    expect(fields.filter((field) => field.startsWith("attempt:"))).toHaveLength(50);
  });
});

describe("the sweep", () => {
  const overdue = (delivery: Delivery) =>
    redis.zadd(`${prefix}:outbox`, 1, `${delivery.videoId}_${delivery.number}`);

  test("leaves deliveries alone whose job is on its way or at work", async () => {
    const delivery = await owed();
    expect(await ledger.deliveries.claimOverdue()).toEqual([]);
    await overdue(delivery);
    await ledger.deliveries.start(delivery, "body");
    expect(await ledger.deliveries.claimOverdue()).toEqual([]);
    await ledger.deliveries.record(delivery, anAttempt(500), { state: "pending", againMs: 0 });
    expect(await ledger.deliveries.claimOverdue()).toEqual([]);
  });

  test("wakes an overdue one once, under a number of its own, and older jobs are out of date", async () => {
    const delivery = await owed();
    await overdue(delivery);
    const claims = await Promise.all(Array.from({ length: 8 }, () => ledger.deliveries.claimOverdue()));
    const [woken, ...more] = claims.flat();
    expect(more).toEqual([]);
    const { rev, wake } = (await ledger.read(ID))?.record ?? {};
    expect(woken).toEqual({ videoId: ID, number: delivery.number, wake: rev });
    expect(rev).toBeGreaterThan(delivery.number);
    // The video's own jobs are none of this.
    expect(wake).toBe(delivery.number);
    expect(await again(delivery)).toMatchObject({ wake: rev });
    expect(await ledger.deliveries.start(delivery, "body")).toBeNull();
    expect(await ledger.deliveries.start(await again(delivery), "body")).toBe("body");
  });

  test("asks more and more seldom where nobody delivers, and often again once somebody has", async () => {
    let delivery = await owed();
    const gapMs = async (): Promise<number> => {
      await overdue(delivery);
      expect(await ledger.deliveries.claimOverdue()).toHaveLength(1);
      const score = Number(await redis.zscore(`${prefix}:outbox`, `${ID}_${delivery.number}`));
      return Math.round((score - (await ledger.readTime())) / 15_000) * 15_000;
    };
    expect([await gapMs(), await gapMs(), await gapMs()]).toEqual([15_000, 30_000, 60_000]);
    delivery = await again(delivery);
    await ledger.deliveries.record(delivery, anAttempt(500), { state: "pending", againMs: 0 });
    expect(await gapMs()).toBe(15_000);
  });

  test("drops what is not owed any more", async () => {
    const delivery = await owed();
    await ledger.deliveries.record(delivery, anAttempt(200), { state: "delivered" });
    await overdue(delivery);
    await redis.zadd(`${prefix}:outbox`, 1, "vid_nobody_7");
    expect(await ledger.deliveries.claimOverdue()).toEqual([]);
    expect(await ledger.deliveries.countPending()).toBe(0);
    expect(await redis.exists(`${prefix}:video:vid_nobody`)).toBe(0);
  });
});

describe("a replay", () => {
  test("sends it again with the same body, a new schedule and a job of its own, and says who wanted it", async () => {
    const delivery = await owed();
    await ledger.deliveries.start(delivery, "body");
    await ledger.deliveries.record(delivery, anAttempt(410), { state: "given_up" });
    const replay = await ledger.deliveries.replay(ID, delivery.number, "ops");
    const replayed = await again(delivery);
    expect(replayed).toMatchObject({ state: "pending", tries: 0, recorded: 1, body: "body" });
    expect(replay).toEqual({ result: "replayed", wake: replayed.wake });
    expect(replayed.wake).toBeGreaterThan(delivery.wake);
    expect((await ledger.readEvents(ID)).at(-1)).toMatchObject({
      what: "delivery_replayed",
      phase: "failed",
      details: { by: "ops", delivery: `${ID}_${delivery.number}` },
    });
    expect(await ledger.deliveries.countPending()).toBe(1);
    // A second press tells nobody twice: the first one's job is out of date then.
    await ledger.deliveries.replay(ID, delivery.number, "ops");
    expect(await ledger.deliveries.start(replayed, "body")).toBeNull();
    expect(await listed()).toEqual(["failed"]);
  });

  test("of nothing does nothing", async () => {
    const delivery = await owed();
    expect(await ledger.deliveries.replay(ID, delivery.number + 1, "ops")).toEqual({ result: "no_delivery" });
    expect(await ledger.deliveries.replay("vid_b", 1, "ops")).toEqual({ result: "no_record" });
    expect((await ledger.readEvents(ID)).at(-1)?.what).toBe("task_failed");
  });
});

describe("forgetting", () => {
  const isForgotten = async (): Promise<boolean> => {
    await ledger.forgetEnded(0, 10);
    return (await ledger.read(ID)) === null;
  };

  test("waits for what is owed, and then takes every trace along", async () => {
    const delivery = await owed();
    // Its time is over within a millisecond; looked at once, it comes again only later.
    await expect.poll(() => ledger.forgetEnded(0, 10)).toBe(1);
    expect(await ledger.read(ID)).not.toBeNull();
    expect(await isForgotten()).toBe(false);
    await ledger.deliveries.record(delivery, anAttempt(200), { state: "delivered" });
    await redis.zadd(`${prefix}:ended`, 1, ID);
    expect(await isForgotten()).toBe(true);
    expect((await redis.keys(`${prefix}:*`)).filter((key) => key.includes(ID))).toEqual([]);
    expect(await redis.zcard(`${prefix}:outbox`)).toBe(0);
  });
});

describe("each rule is needed: without it what it prevents happens", () => {
  const statusesAfter = async (): Promise<unknown> => {
    const delivery = await owed();
    await ledger.deliveries.record(delivery, anAttempt(500), { state: "pending", againMs: 0 });
    await ledger.deliveries.record(delivery, anAttempt(500), { state: "pending", againMs: 0 });
    return (await again(delivery)).tries;
  };
  const lateDouble = async (): Promise<unknown> => {
    const delivery = await owed();
    await ledger.deliveries.record(delivery, anAttempt(200), { state: "delivered" });
    await ledger.deliveries.record({ ...delivery, recorded: 1 }, anAttempt(500), { state: "given_up" });
    return (await again(delivery)).state;
  };
  const staleStart = async (): Promise<unknown> => {
    const delivery = await owed();
    await ledger.deliveries.replay(ID, delivery.number, "ops");
    return await ledger.deliveries.start(delivery, "body");
  };
  const secondBody = async (): Promise<unknown> => {
    const delivery = await owed();
    await ledger.deliveries.start(delivery, "one");
    return await ledger.deliveries.start(delivery, "another");
  };
  const claimedAfterEnd = async (): Promise<unknown> => {
    const delivery = await owed();
    await ledger.deliveries.record(delivery, anAttempt(200), { state: "delivered" });
    await redis.zadd(`${prefix}:outbox`, 1, `${ID}_${delivery.number}`);
    return (await ledger.deliveries.claimOverdue()).length;
  };
  const forgottenWhileOwed = async (): Promise<unknown> => {
    await owed();
    await expect.poll(() => ledger.forgetEnded(0, 10)).toBe(1);
    return await ledger.read(ID).then((reading) => reading !== null);
  };
  const unasked = async (): Promise<unknown> => {
    await admitted(["failed"]);
    await accept(await claimed());
    return (await ledger.deliveries.list(ID)).length;
  };

  const rules: [string, () => Promise<unknown>, unknown, ReadScript][] = [
    [
      "only what was asked for is told",
      unasked,
      0,
      without(
        "record",
        "if event and string.find(wanted, ' ' .. event .. ' ', 1, true) then",
        "if event then",
      ),
    ],
    [
      "an attempt is counted once",
      statusesAfter,
      1,
      without("record-delivery", "or (fields[2] or '0') ~= ARGV[4] then", "then"),
    ],
    [
      "what has ended stays so",
      lateDouble,
      "delivered",
      without("record-delivery", "fields[1] ~= 'pending' or", ""),
    ],
    [
      "a job that is out of date does not send",
      staleStart,
      null,
      without("start-delivery", "or fields[2] ~= ARGV[4] ", ""),
    ],
    [
      "the first body is kept",
      secondBody,
      "one",
      without("start-delivery", "fields[4] or ARGV[6]", "ARGV[6]"),
    ],
    [
      "what is delivered is not woken",
      claimedAfterEnd,
      0,
      without("claim-outbox", "or fields[3] ~= 'pending' ", ""),
    ],
    [
      "a video that still owes a webhook is kept",
      forgottenWhileOwed,
      true,
      without("forget-ended", "if owesDelivery(deliveries) then", "if false then"),
    ],
  ];

  test.each(rules)("%s", async (_, run, holds, read) => {
    expect(await run()).toEqual(holds);
    // The scripts of a connection are defined once, so a mutant gets a connection of its own.
    const connection = new Redis(server.url);
    try {
      prefix = uniquePrefix("mutant");
      ledger = openLedger(connection, read);
      expect(await run()).not.toEqual(holds);
    } finally {
      connection.disconnect();
    }
  });
});
