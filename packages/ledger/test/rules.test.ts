import { Redis } from "ioredis";
import {
  orderSchema,
  type AttemptKey,
  type Order,
  type Problem,
  type Standing,
  type VideoRecord,
} from "@rushes/pipeline";
import { startTestRedis, uniquePrefix, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createLedger, type Ledger, type LedgerSettings } from "../src/index.ts";
import { A_MANIFEST, SETTINGS } from "./ledger-settings.ts";

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
  prefix = uniquePrefix("rules");
  ledger = openLedger({});
});

const PROBLEM: Problem = { code: "some_problem", class: "unknown", message: "as the test says" };
const PRICE = 200_000;

const openLedger = (settings: Partial<LedgerSettings>): Ledger =>
  createLedger(redis, prefix, { ...SETTINGS, ...settings });

function anOrder(extra: Partial<Order> = {}): Order {
  const input = {
    mode: "standard-image-to-video",
    prompt: "a still life",
    duration: 5,
    image_urls: ["https://example.com/a.jpg"],
  };
  return orderSchema.parse({ input, ...extra });
}

async function admitted(id: string, extra: Partial<Order> = {}, owner = "caller"): Promise<string> {
  const admission = await ledger.admit({ videoId: id, owner, idempotencyKey: null, order: anOrder(extra) });
  expect(admission.kind).toBe("admitted");
  return id;
}

async function claimed(concurrency = 9): Promise<AttemptKey> {
  const claim = await ledger.claimSubmission([{ name: "main", concurrency, rate: 1_000_000 }]);
  if (claim.kind !== "claimed") throw new Error(`expected a claim, got ${claim.kind}`);
  const { videoId, number, secret, account } = claim;
  return { videoId, number, secret, account };
}

async function recordOf(id: string): Promise<VideoRecord> {
  const reading = await ledger.read(id);
  if (!reading) throw new Error(`no record of ${id}`);
  return reading.record;
}

const accept = (attempt: AttemptKey, taskId: string): Promise<Standing> =>
  ledger.learnAnswer(attempt, { fact: "accepted", taskId, firstLookMs: 60_000 });
const lose = (attempt: AttemptKey): Promise<Standing> => ledger.learnAnswer(attempt, { fact: "unknown" });
const refuseForNow = (attempt: AttemptKey): Promise<Standing> =>
  ledger.learnAnswer(attempt, {
    fact: "refused_for_now",
    kind: "unavailable",
    backoffMs: 0,
    problem: PROBLEM,
  });
const fail = (attempt: AttemptKey, taskId: string, mayRetry = false): Promise<Standing> =>
  ledger.recordLook(attempt, taskId, { report: "failed", problem: PROBLEM, mayRetry, backoffMs: 0 });
const succeed = (attempt: AttemptKey, taskId: string): Promise<Standing> =>
  ledger.recordLook(attempt, taskId, { report: "succeeded", resultUrls: ["https://files.example/a.mp4"] });
const inflight = (): Promise<number> => ledger.countInflight("main");

/** A video whose first attempt's answer was lost and which a person has let go again. */
async function released(id: string): Promise<AttemptKey> {
  await admitted(id, { max_charges: 2 });
  const first = await claimed();
  await lose(first);
  await ledger.release(id, 1, null, "a person");
  return first;
}

describe("admission", () => {
  test("the same key and order give the same video, however the order was typed", async () => {
    const order = anOrder({ metadata: { a: 1, b: { c: 2, d: 3 } } });
    const again = anOrder({ metadata: { b: { d: 3, c: 2 }, a: 1 } });
    const ask = (videoId: string, one: Order) =>
      ledger.admit({ videoId, owner: "caller", idempotencyKey: "key", order: one });
    expect(await ask("vid_a", order)).toMatchObject({ kind: "admitted", videoId: "vid_a" });
    expect(await ask("vid_b", again)).toEqual({ kind: "replayed", videoId: "vid_a" });
    expect(await ledger.read("vid_b")).toBeNull();
  });

  test("the same key with another order is refused, and nothing is stored of it", async () => {
    await ledger.admit({ videoId: "vid_a", owner: "caller", idempotencyKey: "key", order: anOrder() });
    const other = await ledger.admit({
      videoId: "vid_b",
      owner: "caller",
      idempotencyKey: "key",
      order: anOrder({ priority: 1 }),
    });
    expect(other).toEqual({ kind: "conflict", videoId: "vid_a" });
    expect(await ledger.read("vid_b")).toBeNull();
    expect((await ledger.readTotals()).phases.queued).toBe(1);
  });

  test("a request that is sent twice by a dying connection admits once, with one answer", async () => {
    const request = { videoId: "vid_a", owner: "caller", idempotencyKey: "key", order: anOrder() };
    const first = await ledger.admit(request);
    expect(await ledger.admit(request)).toEqual(first);
    expect(await ledger.admit({ ...request, idempotencyKey: null })).toEqual(first);
    expect(await recordOf("vid_a")).toMatchObject({ reservedMicros: PRICE, rev: 1 });
  });

  test("two callers may use the same key", async () => {
    await ledger.admit({ videoId: "vid_a", owner: "one", idempotencyKey: "key", order: anOrder() });
    const other = await ledger.admit({
      videoId: "vid_b",
      owner: "two",
      idempotencyKey: "key",
      order: anOrder(),
    });
    expect(other.kind).toBe("admitted");
  });

  test("a budget of nothing admits nothing", async () => {
    ledger = openLedger({ budgetMicros: 0 });
    const refused = await ledger.admit({
      videoId: "vid_a",
      owner: "caller",
      idempotencyKey: "k",
      order: anOrder(),
    });
    expect(refused).toEqual({ kind: "over_budget" });
  });

  test("an order that would pass the day's budget is refused, and nothing is stored of it", async () => {
    ledger = openLedger({ budgetMicros: 2 * PRICE });
    await admitted("vid_a");
    await admitted("vid_b");
    expect(
      await ledger.admit({ videoId: "vid_c", owner: "caller", idempotencyKey: "k", order: anOrder() }),
    ).toEqual({ kind: "over_budget" });
    expect(await ledger.read("vid_c")).toBeNull();
    await ledger.cancel("vid_a");
    await admitted("vid_d");
  });
});

describe("the line", () => {
  test("a caller's videos go in order of admission, higher priority first", async () => {
    await admitted("vid_a");
    await admitted("vid_b", { priority: -1 });
    await admitted("vid_c", { priority: 5 });
    await admitted("vid_d");
    const order = [];
    for (let i = 0; i < 4; i += 1) order.push((await claimed()).videoId);
    expect(order).toEqual(["vid_c", "vid_a", "vid_d", "vid_b"]);
  });

  test("a caller with one order does not wait behind another's backlog", async () => {
    for (let i = 0; i < 50; i += 1) await admitted(`vid_big_${i}`, {}, "big");
    for (let i = 0; i < 5; i += 1) await claimed();
    await admitted("vid_small", {}, "small");
    const next = [(await claimed()).videoId, (await claimed()).videoId];
    expect(next).toContain("vid_small");
  });

  test("after a pause a caller gets no more than its share", async () => {
    await admitted("vid_small_1", {}, "small");
    for (let i = 0; i < 20; i += 1) await admitted(`vid_big_${i}`, {}, "big");
    for (let i = 0; i < 12; i += 1) await claimed(99);
    for (let i = 2; i < 12; i += 1) await admitted(`vid_small_${i}`, {}, "small");
    const owners = [];
    for (let i = 0; i < 6; i += 1) owners.push((await claimed(99)).videoId.split("_")[1]);
    expect(owners.filter((owner) => owner === "small")).toHaveLength(3);
  });

  test("what was refused for now keeps its place and its caller's turn", async () => {
    await admitted("vid_a");
    await admitted("vid_b");
    await refuseForNow(await claimed());
    expect((await claimed()).videoId).toBe("vid_a");
  });

  test("a delayed video is not claimed before its time", async () => {
    await admitted("vid_later", { delay_s: 3600 });
    expect(await ledger.claimSubmission([{ name: "main", concurrency: 9, rate: 1_000_000 }])).toEqual({
      kind: "idle",
    });
    await redis.zadd(`${prefix}:later`, 1, "vid_later");
    expect((await claimed()).videoId).toBe("vid_later");
  });
});

describe("places", () => {
  test("no more tasks are in flight than the limit says, and an end makes room", async () => {
    for (const id of ["vid_a", "vid_b", "vid_c"]) await admitted(id);
    const first = await claimed(2);
    await claimed(2);
    expect(await ledger.claimSubmission([{ name: "main", concurrency: 2, rate: 1_000_000 }])).toMatchObject({
      kind: "no_place",
    });
    await accept(first, "task-1");
    expect(await ledger.claimSubmission([{ name: "main", concurrency: 2, rate: 1_000_000 }])).toMatchObject({
      kind: "no_place",
    });
    await fail(first, "task-1");
    expect((await claimed(2)).videoId).toBe("vid_c");
  });

  test("a lease that nobody ends expires", async () => {
    ledger = openLedger({ leaseMaxMs: 1 });
    await admitted("vid_a");
    await admitted("vid_b");
    await claimed(1);
    await expect.poll(inflight).toBe(0);
    expect((await claimed(1)).videoId).toBe("vid_b");
  });

  test("the time between trials is five minutes, and can be scaled: for the first and for each that follows", async () => {
    const trialAt = async (): Promise<number> =>
      Number(await redis.hget(`${prefix}:account:main`, "trial_at")) - (await ledger.readTime());
    await ledger.noteAccount("main", { kind: "close", code: "balance_exhausted", videoId: "vid_x" });
    expect(await trialAt()).toBeGreaterThan(200_000);
    ledger = openLedger({ limitTimeScale: 1_000 });
    await ledger.noteAccount("main", { kind: "close", code: "balance_exhausted", videoId: "vid_x" });
    expect(await trialAt()).toBeGreaterThan(200_000_000);
    await admitted("vid_a");
    await redis.hset(`${prefix}:account:main`, "trial_at", 1);
    await claimed();
    expect(await trialAt()).toBeGreaterThan(200_000_000);
  });

  test("a refusal of the key or the route closes the account when a second video meets one", async () => {
    const refusedFor = (videoId: string) =>
      ledger.noteAccount("main", { kind: "close", code: "route_forbidden", videoId });
    expect([await refusedFor("vid_a"), await refusedFor("vid_a")]).toEqual(["suspected", "suspected"]);
    expect((await ledger.readAccount("main")).closed).toBeNull();
    await ledger.noteAccount("main", { kind: "open" });
    expect(await refusedFor("vid_b")).toBe("suspected");
    expect(await refusedFor("vid_c")).toBe("closed");
    expect(await refusedFor("vid_d")).toBe("still_closed");
    expect((await ledger.readAccount("main")).closed).toBe("route_forbidden");
  });

  test("a closed account gets one trial at a time, and opens with the first acceptance", async () => {
    for (const id of ["vid_a", "vid_b", "vid_c"]) await admitted(id);
    await ledger.noteAccount("main", { kind: "close", code: "balance_exhausted", videoId: "vid_x" });
    expect(await ledger.claimSubmission([{ name: "main", concurrency: 9, rate: 1_000_000 }])).toMatchObject({
      kind: "no_place",
    });
    await redis.hset(`${prefix}:account:main`, "trial_at", 1);
    await claimed();
    expect(await ledger.claimSubmission([{ name: "main", concurrency: 9, rate: 1_000_000 }])).toMatchObject({
      kind: "no_place",
    });
    await ledger.noteAccount("main", { kind: "open" });
    await claimed();
  });
});

describe("whose answer counts", () => {
  test("an answer that comes after the deadline still binds its task", async () => {
    await admitted("vid_a");
    const attempt = await claimed();
    await redis.hset(`${prefix}:video:vid_a`, "1.deadline", 1);
    expect((await ledger.expireSubmission("vid_a")).phase).toBe("unconfirmed");
    expect(await accept(attempt, "task-1")).toMatchObject({ result: "accepted", phase: "generating" });
  });

  test("before the deadline nobody else touches a submission", async () => {
    await admitted("vid_a");
    await claimed();
    expect(await ledger.expireSubmission("vid_a")).toMatchObject({ result: "early", phase: "submitting" });
    expect(await ledger.claimOverdue(0)).toEqual([]);
  });

  test("an acceptance after a release undoes the release", async () => {
    const first = await released("vid_a");
    expect(await accept(first, "task-1")).toMatchObject({ result: "accepted", phase: "generating" });
    expect(await recordOf("vid_a")).toMatchObject({ current: 1, reservedMicros: 0, billedMicros: PRICE });
    expect(await ledger.claimSubmission([{ name: "main", concurrency: 9, rate: 1_000_000 }])).toEqual({
      kind: "idle",
    });
  });

  test("a refusal of an older attempt does not touch the newer one", async () => {
    const first = await released("vid_a");
    const second = await claimed();
    await refuseForNow(first);
    const record = await recordOf("vid_a");
    expect(record.phase).toBe("submitting");
    expect(record.attempts.map(({ state }) => state)).toEqual(["refused", "open"]);
    expect(await accept(second, "task-2")).toMatchObject({ phase: "generating" });
    expect(await recordOf("vid_a")).toMatchObject({ reservedMicros: 0, billedMicros: PRICE });
  });

  test("an acceptance of an older attempt while a newer one is out is kept as an extra charge", async () => {
    const first = await released("vid_a");
    const second = await claimed();
    expect(await accept(first, "task-1")).toMatchObject({ result: "extra", phase: "submitting" });
    await accept(second, "task-2");
    expect(await recordOf("vid_a")).toMatchObject({
      phase: "generating",
      current: 2,
      billedMicros: 2 * PRICE,
    });
  });

  test("when the newer attempt ends without a file, the extra charge carries the video on", async () => {
    const first = await released("vid_a");
    const second = await claimed();
    await accept(first, "task-1");
    await accept(second, "task-2");
    expect(await fail(second, "task-2")).toMatchObject({ result: "moved", phase: "generating" });
    expect(await recordOf("vid_a")).toMatchObject({ current: 1 });
    expect(await succeed(first, "task-1")).toMatchObject({ phase: "archiving" });
  });

  test("a look at a task that the video does not follow moves nothing", async () => {
    const first = await released("vid_a");
    const second = await claimed();
    await accept(first, "task-1");
    await accept(second, "task-2");
    expect(await fail(first, "task-1")).toMatchObject({ result: "watched", phase: "generating" });
    expect(await recordOf("vid_a")).toMatchObject({ current: 2 });
    expect(
      await ledger.recordLook(second, "task-1", {
        report: "succeeded",
        resultUrls: ["https://x.example/a.mp4"],
      }),
    ).toMatchObject({ result: "stale" });
    expect(await succeed({ ...second, secret: "another" }, "task-2")).toMatchObject({ result: "stale" });
    expect(await recordOf("vid_a")).toMatchObject({ phase: "generating" });
  });

  test("one task cannot belong to two videos", async () => {
    await admitted("vid_a");
    await admitted("vid_b");
    const a = await claimed();
    const b = await claimed();
    await accept(a, "task-1");
    expect(await accept(b, "task-1")).toMatchObject({ result: "task_elsewhere", phase: "submitting" });
  });

  test("a task for a refused attempt proves that the refusal lied: it is followed and said", async () => {
    await admitted("vid_a");
    const attempt = await claimed();
    await refuseForNow(attempt);
    expect(await accept(attempt, "task-1")).toMatchObject({
      result: "accepted_after_refusal",
      phase: "generating",
    });
  });

  test("an attempt that Redis has forgotten comes back by its callback", async () => {
    await admitted("vid_a");
    const lost: AttemptKey = { videoId: "vid_a", number: 1, secret: "from the token", account: "main" };
    expect(await accept(lost, "task-1")).toMatchObject({ result: "restored", phase: "generating" });
    expect(await recordOf("vid_a")).toMatchObject({ reservedMicros: 0, billedMicros: PRICE, current: 1 });
    expect(await inflight()).toBe(1);
  });

  test("a forgotten attempt whose number is taken becomes a stray, counted once", async () => {
    await admitted("vid_a");
    const attempt = await claimed();
    const lost: AttemptKey = { ...attempt, secret: "from the token" };
    expect(await accept(lost, "task-1")).toMatchObject({ result: "stray", phase: "submitting" });
    expect(await accept(lost, "task-1")).toMatchObject({ result: "known" });
    await accept(attempt, "task-2");
    expect(await recordOf("vid_a")).toMatchObject({ billedMicros: 2 * PRICE, current: 1 });
  });
});

describe("a callback", () => {
  test("hurries the look at its own task only, and makes the waiting job stale", async () => {
    await admitted("vid_a");
    const attempt = await claimed();
    const { wake } = await accept(attempt, "task-1");
    const hurried = await ledger.hurryLook(attempt, "task-1");
    expect(hurried).toMatchObject({ result: "hurried", phase: "generating" });
    expect(hurried.wake).toBeGreaterThan(wake);
    expect(await recordOf("vid_a")).toMatchObject({ wake: hurried.wake, rev: hurried.rev });
    expect(await ledger.hurryLook(attempt, "task-2")).toMatchObject({ result: "stale" });
    expect(await ledger.hurryLook({ ...attempt, secret: "other" }, "task-1")).toMatchObject({
      result: "stale",
    });
    await succeed(attempt, "task-1");
    expect(await ledger.hurryLook(attempt, "task-1")).toMatchObject({ result: "stale", phase: "archiving" });
  });
});

describe("when the attempt cannot carry the video on", () => {
  test("a failed task costs nothing unless the operator says so", async () => {
    await admitted("vid_a");
    const attempt = await claimed();
    await accept(attempt, "task-1");
    await fail(attempt, "task-1");
    expect(await recordOf("vid_a")).toMatchObject({
      phase: "failed",
      reservedMicros: 0,
      billedMicros: 0,
      error: { code: "some_problem" },
    });
  });

  test("BILL_FAILED_TASKS counts it", async () => {
    ledger = openLedger({ billFailedTasks: true });
    await admitted("vid_a");
    const attempt = await claimed();
    await accept(attempt, "task-1");
    await fail(attempt, "task-1");
    expect(await recordOf("vid_a")).toMatchObject({ phase: "failed", billedMicros: PRICE });
  });

  test("a failed task is tried again only where the caller allowed another charge", async () => {
    await admitted("vid_a", { max_charges: 2 });
    const first = await claimed();
    await accept(first, "task-1");
    expect(await fail(first, "task-1", true)).toMatchObject({ phase: "queued" });
    const second = await claimed();
    await accept(second, "task-2");
    expect(await fail(second, "task-2", true)).toMatchObject({ phase: "failed" });
  });

  test("a failed task is not tried again while another attempt may still cost", async () => {
    await admitted("vid_a", { max_charges: 3 });
    await lose(await claimed());
    await ledger.release("vid_a", 1, null, "a person");
    const second = await claimed();
    await accept(second, "task-2");
    expect(await fail(second, "task-2", true)).toMatchObject({ phase: "unconfirmed" });
  });

  test("a failed attempt does not hide an open charge: the video is parked, and a refusal then ends it", async () => {
    const first = await released("vid_a");
    const second = await claimed();
    await accept(second, "task-2");
    expect(await fail(second, "task-2")).toMatchObject({ phase: "unconfirmed" });
    expect(await refuseForNow(first)).toMatchObject({ phase: "failed" });
    expect(await recordOf("vid_a")).toMatchObject({
      reservedMicros: 0,
      billedMicros: 0,
      error: { code: "some_problem" },
    });
  });

  test("a second charge that finds the budget used up waits in line, and is not lost", async () => {
    ledger = openLedger({ budgetMicros: 2 * PRICE, billFailedTasks: true });
    await admitted("vid_a", { max_charges: 2 });
    const first = await claimed();
    await accept(first, "task-1");
    await admitted("vid_b");
    expect(await fail(first, "task-1", true)).toMatchObject({ phase: "queued" });
    expect((await claimed()).videoId).toBe("vid_b");
    expect(await ledger.claimSubmission([{ name: "main", concurrency: 9, rate: 1_000_000 }])).toEqual({
      kind: "idle",
    });
    expect(await recordOf("vid_a")).toMatchObject({ phase: "queued", attempts: [{ state: "ended_bad" }] });
    expect(await redis.zscore(`${prefix}:due`, "vid_a")).not.toBeNull();
  });
});

describe("a person's verbs", () => {
  test("cancel works while nothing can have been charged, and never after", async () => {
    await admitted("vid_a");
    await refuseForNow(await claimed());
    expect(await ledger.cancel("vid_a")).toMatchObject({ result: "cancelled" });
    expect(await ledger.cancel("vid_a")).toMatchObject({ result: "cancelled" });
    await released("vid_b");
    expect(await ledger.cancel("vid_b")).toMatchObject({ result: "already_submitted", phase: "queued" });
  });

  test("release names the attempts that were seen, so a repeated press charges once", async () => {
    await admitted("vid_a", { max_charges: 3 });
    await lose(await claimed());
    await ledger.release("vid_a", 1, null, "a person");
    await lose(await claimed());
    expect(await ledger.release("vid_a", 1, null, "a person")).toMatchObject({
      result: "stale",
      phase: "unconfirmed",
    });
  });

  test("release never passes the allowed charges unless it raises them", async () => {
    await admitted("vid_a");
    await lose(await claimed());
    expect(await ledger.release("vid_a", 1, null, "a person")).toMatchObject({
      result: "charges_used_up",
      phase: "unconfirmed",
    });
    expect(await ledger.release("vid_a", 1, 2, "a person")).toMatchObject({
      result: "released",
      phase: "queued",
    });
    expect(await recordOf("vid_a")).toMatchObject({ maxCharges: 2, reservedMicros: 2 * PRICE });
  });

  test("a callback's word beats a person's about whose task it is", async () => {
    const first = await released("vid_a");
    const second = await claimed();
    await lose(second);
    await ledger.adopt("vid_a", "task-1", "a person");
    expect((await recordOf("vid_a")).attempts.map(({ taskId }) => taskId)).toEqual([null, "task-1"]);
    expect(await accept(first, "task-1")).toMatchObject({ result: "swapped" });
    const record = await recordOf("vid_a");
    expect(record.attempts.map(({ taskId }) => taskId)).toEqual(["task-1", null]);
    expect(record).toMatchObject({ current: 1, phase: "generating" });
    expect(await accept(second, "task-2")).toMatchObject({ result: "extra" });
  });

  test("the files of a task that a callback claims for another attempt go there with it", async () => {
    const first = await released("vid_a");
    const second = await claimed();
    await lose(second);
    await ledger.adopt("vid_a", "task-1", "a person");
    const resultUrls = ["https://files.example.com/1.mp4"];
    await ledger.recordLook(second, "task-1", { report: "succeeded", resultUrls });
    expect(await accept(first, "task-1")).toMatchObject({ result: "swapped", phase: "archiving" });
    const { attempts, current } = await recordOf("vid_a");
    expect(attempts.map((attempt) => attempt.resultUrls)).toEqual([resultUrls, []]);
    expect(current).toBe(1);
  });

  test("write-off books what may have been spent, and a later task can still be adopted", async () => {
    await admitted("vid_a");
    const attempt = await claimed();
    await lose(attempt);
    expect(await ledger.writeOff("vid_a", "a person")).toMatchObject({ phase: "failed" });
    expect(await recordOf("vid_a")).toMatchObject({
      reservedMicros: 0,
      billedMicros: PRICE,
      error: { code: "charge_written_off" },
    });
    expect(await accept(attempt, "task-1")).toMatchObject({ result: "extra", phase: "failed" });
    expect(await ledger.adopt("vid_a", "task-1", "a person")).toMatchObject({
      result: "adopted",
      phase: "generating",
    });
    expect(await recordOf("vid_a")).toMatchObject({ billedMicros: PRICE });
  });
});

describe("the sweep", () => {
  test("wakes what is overdue once, with a new rev, however many sweep", async () => {
    await admitted("vid_a");
    const attempt = await claimed();
    await accept(attempt, "task-1");
    await redis.zadd(`${prefix}:due`, 1, "vid_a");
    const swept = await Promise.all(Array.from({ length: 8 }, () => ledger.claimOverdue(0)));
    expect(swept.flat()).toMatchObject([{ videoId: "vid_a", phase: "generating", wake: 4 }]);
  });

  test("makes up only the turns that are missing", async () => {
    for (let i = 0; i < 5; i += 1) {
      await admitted(`vid_${i}`);
      await redis.zadd(`${prefix}:due`, 1, `vid_${i}`);
    }
    expect(await ledger.claimOverdue(3)).toHaveLength(2);
    expect(await ledger.claimOverdue(3)).toHaveLength(0);
  });

  test("marks submissions past their deadline", async () => {
    ledger = openLedger({ submitDeadlineMs: 1 });
    await admitted("vid_a");
    await claimed();
    await expect
      .poll(() => ledger.claimOverdue(0))
      .toMatchObject([{ videoId: "vid_a", phase: "unconfirmed" }]);
    expect((await recordOf("vid_a")).attempts).toMatchObject([{ state: "unknown" }]);
    expect(await inflight()).toBe(1);
  });
});

describe("reading", () => {
  test("lists newest first by phase and owner, in stable pages", async () => {
    for (let i = 0; i < 7; i += 1) await admitted(`vid_0${i}`, {}, i % 2 ? "odd" : "even");
    await ledger.cancel("vid_03");
    const page = await ledger.list({ phases: [], owner: null, limit: 3, after: null });
    expect(page).toEqual({ ids: ["vid_06", "vid_05", "vid_04"], hasMore: true });
    await admitted("vid_07", {}, "odd");
    expect(await ledger.list({ phases: [], owner: null, limit: 3, after: "vid_04" })).toEqual({
      ids: ["vid_03", "vid_02", "vid_01"],
      hasMore: true,
    });
    expect(await ledger.list({ phases: ["queued"], owner: "odd", limit: 9, after: null })).toEqual({
      ids: ["vid_07", "vid_05", "vid_01"],
      hasMore: false,
    });
    expect(
      await ledger.list({ phases: ["cancelled", "failed"], owner: null, limit: 9, after: null }),
    ).toEqual({ ids: ["vid_03"], hasMore: false });
  });

  test("tells every transition once, in order", async () => {
    await admitted("vid_a");
    const attempt = await claimed();
    await accept(attempt, "task-1");
    await succeed(attempt, "task-1");
    await ledger.recordArchive(attempt, "task-1", { result: "stored", output: [], manifest: A_MANIFEST });
    const events = await ledger.readEvents("vid_a");
    expect(events.map(({ rev, phase }) => [rev, phase])).toEqual([
      [1, "queued"],
      [2, "submitting"],
      [3, "generating"],
      [4, "archiving"],
      [5, "completed"],
    ]);
    expect((await ledger.readEvents("vid_a", 3)).map(({ rev }) => rev)).toEqual([4, 5]);
  });

  test("a record stays compact in Redis to its end, and its files are read back", async () => {
    await admitted("vid_a");
    const attempt = await claimed();
    await accept(attempt, "task-1");
    const resultUrls = [`https://files.example.com/${"a".repeat(80)}.mp4`];
    await ledger.recordLook(attempt, "task-1", { report: "succeeded", resultUrls });
    const fresh = (n: number): string[] => [`https://files.example.com/${"b".repeat(80)}-${n}.mp4`];
    for (let n = 0; n < 200; n += 1) {
      const again = { result: "again", problem: PROBLEM, againMs: 1, resultUrls: fresh(n) } as const;
      await ledger.recordArchive(attempt, "task-1", again);
    }
    expect((await recordOf("vid_a")).attempts[0]?.resultUrls).toEqual(fresh(199));
    expect(await redis.strlen(`${prefix}:files:vid_a`)).toBeLessThan(17_000);
    const file = {
      url: "s3://b/k",
      bucket: "b",
      key: "k",
      bytes: 1,
      sha256: "00",
      content_type: "video/mp4",
    };
    await ledger.recordArchive(attempt, "task-1", { result: "stored", output: [file], manifest: A_MANIFEST });
    expect(await recordOf("vid_a")).toMatchObject({
      output: [file],
      manifest: A_MANIFEST,
      attempts: [{ resultUrls: fresh(199) }],
    });
    expect(await redis.object("ENCODING", `${prefix}:video:vid_a`)).toBe("listpack");
  });

  test("forgets ended records and every trace of them when their time is over", async () => {
    await ledger.admit({ videoId: "vid_a", owner: "caller", idempotencyKey: "key", order: anOrder() });
    const attempt = await claimed();
    await accept(attempt, "task-1");
    await admitted("vid_b");
    expect(await ledger.forgetEnded(0, 10)).toBe(0);
    await succeed(attempt, "task-1");
    await ledger.recordArchive(attempt, "task-1", { result: "stored", output: [], manifest: A_MANIFEST });
    await expect.poll(() => ledger.forgetEnded(0, 10)).toBe(1);
    const left = await redis.keys(`${prefix}:*`);
    expect(
      left.filter((key) => key.includes("vid_a") || key.includes("task-1") || key.includes("idempotency")),
    ).toEqual([]);
    expect((await ledger.list({ phases: [], owner: null, limit: 9, after: null })).ids).toEqual(["vid_b"]);
  });
});

describe("extra charges and wanted adoptions are watched", () => {
  /** Attempt 1 was released and then accepted after all, while attempt 2 is under way. */
  async function withExtra(): Promise<[AttemptKey, AttemptKey]> {
    const first = await released("vid_a");
    const second = await claimed();
    await accept(second, "task-2");
    expect((await accept(first, "task-1")).result).toBe("extra");
    return [first, second];
  }

  test("an extra charge is claimed for watching until its task has ended, and then no more", async () => {
    const [first] = await withExtra();
    await redis.zadd(`${prefix}:watched`, 0, "vid_a");
    expect(await ledger.claimWatched()).toMatchObject([{ videoId: "vid_a" }]);
    expect(await ledger.claimWatched()).toEqual([]);
    expect(await inflight()).toBe(2);
    expect((await succeed(first, "task-1")).result).toBe("watched");
    expect(await inflight()).toBe(1);
    await redis.zadd(`${prefix}:watched`, 0, "vid_a");
    expect(await ledger.claimWatched()).toEqual([]);
    expect(await redis.zcard(`${prefix}:watched`)).toBe(0);
  });

  test("watching makes no running job out of date", async () => {
    await withExtra();
    const before = await recordOf("vid_a");
    await redis.zadd(`${prefix}:watched`, 0, "vid_a");
    const [watched] = await ledger.claimWatched();
    const after = await recordOf("vid_a");
    expect(watched?.rev).toBe(before.rev + 1);
    expect([after.rev, after.wake]).toEqual([before.rev + 1, before.wake]);
  });

  test("an extra charge is noted as one, and as an ordinary one once the video follows it", async () => {
    const [first, second] = await withExtra();
    expect((await recordOf("vid_a")).attempts[0]?.outcome).toBe("extra");
    await succeed(first, "task-1");
    await fail(second, "task-2");
    const record = await recordOf("vid_a");
    expect([record.phase, record.current, record.attempts[0]?.outcome]).toEqual([
      "generating",
      1,
      "accepted",
    ]);
  });

  test("a wanted adoption is noted, watched, and bound only by adopt", async () => {
    await admitted("vid_a");
    await lose(await claimed());
    expect((await ledger.requestAdoption("vid_a", "task-1", "anna")).result).toBe("requested");
    expect(await recordOf("vid_a")).toMatchObject({
      phase: "unconfirmed",
      adoption: { taskId: "task-1", by: "anna" },
    });
    await redis.zadd(`${prefix}:watched`, 0, "vid_a");
    expect(await ledger.claimWatched()).toHaveLength(1);
    expect((await ledger.adopt("vid_a", "task-1", "anna")).result).toBe("adopted");
    expect(await recordOf("vid_a")).toMatchObject({ phase: "generating", adoption: null });
    expect(await ledger.readAudit(9)).toMatchObject([
      { by: "anna", verb: "adopt", videoId: "vid_a", details: { task: "task-1" } },
    ]);
  });

  test("a task of another video cannot be wanted, and a refused wish is forgotten", async () => {
    await admitted("vid_a");
    await accept(await claimed(), "task-a");
    await admitted("vid_b");
    await lose(await claimed());
    expect((await ledger.requestAdoption("vid_b", "task-a", "anna")).result).toBe("task_elsewhere");
    await ledger.requestAdoption("vid_b", "task-b", "anna");
    await ledger.refuseAdoption("vid_b", "task-b", "unknown there");
    expect(await recordOf("vid_b")).toMatchObject({ phase: "unconfirmed", adoption: null });
    expect((await ledger.requestAdoption("vid_a", "task-x", "anna")).result).toBe("stale");
  });
});

describe("what is in doubt is counted", () => {
  const doubt = async (): Promise<number> => (await ledger.readTotals()).unconfirmedMicros;

  test("the dollars of unconfirmed videos come and go with them", async () => {
    await admitted("vid_a");
    await admitted("vid_b");
    await lose(await claimed());
    const second = await claimed();
    await lose(second);
    expect([await doubt(), (await ledger.listUnconfirmed(0)).length]).toEqual([2 * PRICE, 2]);
    await accept(second, "task-b");
    expect([await doubt(), await ledger.listUnconfirmed(0)]).toEqual([PRICE, ["vid_a"]]);
    expect(await ledger.listUnconfirmed(3_600_000)).toEqual([]);
    await ledger.writeOff("vid_a", "anna");
    expect([await doubt(), await ledger.listUnconfirmed(0)]).toEqual([0, []]);
  });

  test("release and write-off stand in the audit log with who did it", async () => {
    await released("vid_a");
    await lose(await claimed());
    await ledger.writeOff("vid_a", "bert");
    expect(await ledger.readAudit(9)).toMatchObject([
      { by: "bert", verb: "write-off" },
      { by: "a person", verb: "release", details: { max_charges: "2" } },
    ]);
    const outcomes = (await recordOf("vid_a")).attempts.map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["written_off", "written_off"]);
  });
});

describe("an account's balance", () => {
  const closedBy = async (): Promise<string | null> => (await ledger.readAccount("main")).closed;

  test("too little for any video stops submits, and more lets them go on", async () => {
    await admitted("vid_a");
    expect(await ledger.noteBalance("main", PRICE - 1)).toBe("closed");
    expect((await ledger.claimSubmission([{ name: "main", concurrency: 9, rate: 1_000_000 }])).kind).toBe(
      "no_place",
    );
    expect(await ledger.noteBalance("main", PRICE - 1)).toBe("noted");
    expect(await ledger.noteBalance("main", PRICE)).toBe("opened");
    await claimed();
  });

  test("after a 402 only a higher balance than the refused one opens the account", async () => {
    await ledger.noteBalance("main", 5_000_000);
    await ledger.noteAccount("main", { kind: "close", code: "balance_exhausted", videoId: "vid_x" });
    expect(await ledger.noteBalance("main", 5_000_000)).toBe("noted");
    expect(await closedBy()).toBe("balance_exhausted");
    expect(await ledger.noteBalance("main", 4_000_000)).toBe("noted");
    expect(await ledger.noteBalance("main", 4_500_000)).toBe("opened");
    expect(await closedBy()).toBeNull();
  });

  test("a wrong key is not cured by money", async () => {
    for (const videoId of ["vid_x", "vid_y"])
      await ledger.noteAccount("main", { kind: "close", code: "key_invalid", videoId });
    expect(await ledger.noteBalance("main", 1_000_000)).toBe("noted");
    expect(await ledger.noteBalance("main", 9_000_000)).toBe("noted");
    expect(await closedBy()).toBe("key_invalid");
  });

  test("one of all replicas asks in each span of time", async () => {
    expect(await ledger.takeBalanceTurn("main", 60_000)).toBe(true);
    expect(await ledger.takeBalanceTurn("main", 60_000)).toBe(false);
    expect(await ledger.takeBalanceTurn("other", 60_000)).toBe(true);
  });

  test("an account whose refusal was an acceptance is strict from then on", async () => {
    await admitted("vid_a");
    const attempt = await claimed();
    await refuseForNow(attempt);
    expect((await accept(attempt, "task-1")).result).toBe("accepted_after_refusal");
    expect(await ledger.readAccount("main")).toMatchObject({ strict: true });
    await admitted("vid_b");
    const claim = await ledger.claimSubmission([{ name: "main", concurrency: 9, rate: 1_000_000 }]);
    expect(claim).toMatchObject({ kind: "claimed", strict: true });
  });
});
