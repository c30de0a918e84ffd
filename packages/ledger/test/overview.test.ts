import { Redis } from "ioredis";
import { orderSchema, type AttemptKey } from "@rushes/pipeline";
import { startTestRedis, uniquePrefix, untilTrue, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  createLedger,
  createOverview,
  createWorkerRoll,
  findVideos,
  noteAudit,
  readWorkerRoll,
  type Ledger,
  type Overview,
} from "../src/index.ts";
import { SETTINGS } from "./ledger-settings.ts";

const ACCOUNT = { name: "main", concurrency: 1_000, rate: 1_000_000 };

let server: TestRedis;
let redis: Redis;
let prefix: string;
let ledger: Ledger;
let overview: Overview;

beforeAll(async () => {
  server = await startTestRedis({ appendOnly: false });
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => {
  prefix = uniquePrefix("overview");
  ledger = createLedger(redis, prefix, SETTINGS);
  overview = createOverview(redis, prefix);
});

async function order(videoId: string, owner = "anna", duration = 5, idempotencyKey: string | null = null) {
  const input = { mode: "master-text-to-video", prompt: "a still life", duration };
  await ledger.admit({ videoId, owner, idempotencyKey, order: orderSchema.parse({ input }) });
}

/** The head of the line, submitted and accepted with the task `task-<video>`. */
async function accepted(): Promise<AttemptKey> {
  const claim = await ledger.claimSubmission([ACCOUNT]);
  if (claim.kind !== "claimed") throw new Error(`expected a claim, got ${claim.kind}`);
  const taskId = `task-${claim.videoId}`;
  await ledger.learnAnswer(claim, { fact: "accepted", taskId, firstLookMs: 0 });
  return claim;
}

const ended = (attempt: AttemptKey) =>
  ledger.recordLook(attempt, `task-${attempt.videoId}`, { report: "succeeded", resultUrls: ["https://a/b"] });

describe("how old things are", () => {
  test("the oldest order of a phase, whoever's it is; phases without one are left out", async () => {
    await order("vid_b", "anna");
    await order("vid_a", "ben");
    await redis.hset(`${prefix}:video:vid_a`, "created", 1_000);
    await redis.hset(`${prefix}:video:vid_b`, "created", 2_000);
    expect(await overview.readOldest(["queued", "generating"])).toEqual({ queued: 1_000 });
  });

  test("an empty ledger has nothing old", async () => {
    expect(await overview.readOldest(["queued"])).toEqual({});
    expect(await overview.readOldestDoubt()).toBeNull();
  });

  test("the longest doubt counts from when it began", async () => {
    await order("vid_a");
    const claim = await ledger.claimSubmission([ACCOUNT]);
    if (claim.kind !== "claimed") throw new Error("not claimed");
    const before = await ledger.readTime();
    await ledger.learnAnswer(claim, { fact: "unknown" });
    expect(await overview.readOldestDoubt()).toBeGreaterThanOrEqual(before);
  });
});

describe("money", () => {
  test("what is reserved and billed today, and what runs now", async () => {
    for (const [id, duration] of [
      ["vid_a", 5],
      ["vid_b", 10],
      ["vid_c", 10],
    ] as const)
      await order(id, "anna", duration);
    await accepted();
    await accepted();
    expect(await overview.readMoneyToday()).toEqual({ reservedMicros: 2_000_000, billedMicros: 3_000_000 });
    expect(await overview.readInFlight(["main", "spare"])).toEqual({
      count: 2,
      micros: 3_000_000,
      isEstimate: false,
    });
  });

  test("of very many tasks a sample is priced, and said to be one", async () => {
    for (let n = 0; n < 150; n += 1) {
      await redis.zadd(`${prefix}:leases:main`, n, `vid_${n}#1`);
      await redis.hset(`${prefix}:video:vid_${n}`, "1.price", 350_000);
    }
    expect(await overview.readInFlight(["main"])).toEqual({
      count: 150,
      micros: 150 * 350_000,
      isEstimate: true,
    });
  });
});

test("tasks that ended tell how long they took and how late the look was", async () => {
  for (const id of ["vid_a", "vid_b"]) await order(id);
  const [first, second] = [await accepted(), await accepted()];
  const now = await ledger.readTime();
  await redis.hset(`${prefix}:video:vid_a`, "1.accepted", now - 70_000, "due", now + 10_000 - 2_500);
  await ended(first);
  await ended(second);
  // They are only seen once their videos have ended.
  expect(await overview.readEndedTasks()).toEqual([]);
  await redis.zadd(`${prefix}:ended`, now, "vid_a");
  const [task, ...more] = await overview.readEndedTasks();
  expect(more).toEqual([]);
  expect(task?.mode).toBe("master-text-to-video");
  expect(task?.generationMs).toBeGreaterThanOrEqual(70_000);
  expect(task?.lagMs).toBeGreaterThanOrEqual(2_500);
});

test("a look in time has no lag", async () => {
  await order("vid_a");
  const attempt = await accepted();
  await redis.hset(`${prefix}:video:vid_a`, "due", (await ledger.readTime()) + 60_000);
  await ended(attempt);
  expect(await redis.hget(`${prefix}:video:vid_a`, "1.lag")).toBe("0");
});

test("failures are told with class and code, newest order first", async () => {
  for (const id of ["vid_a", "vid_b", "vid_c"]) await order(id);
  for (const [code, failureClass] of [
    ["bad_prompt", "content_policy"],
    ["timeout", "provider_capacity"],
  ] as const) {
    const attempt = await accepted();
    const problem = { code, class: failureClass, message: "no" };
    const fact = { report: "failed" as const, problem, mayRetry: false, backoffMs: 0 };
    await ledger.recordLook(attempt, `task-${attempt.videoId}`, fact);
  }
  expect((await overview.readFailures()).map(({ id, class: name, code }) => [id, name, code])).toEqual([
    ["vid_b", "provider_capacity", "timeout"],
    ["vid_a", "content_policy", "bad_prompt"],
  ]);
});

describe("finding", () => {
  const find = (text: string): Promise<string[]> => findVideos(redis, prefix, text);

  test("by video, task and idempotency key of any caller", async () => {
    await order("vid_a", "anna", 5, "order-1");
    await order("vid_b", "ben", 5, "order-1");
    const { videoId } = await accepted();
    expect(await find("vid_b")).toEqual(["vid_b"]);
    expect(await find(`task-${videoId}`)).toEqual([videoId]);
    expect((await find("order-1")).toSorted()).toEqual(["vid_a", "vid_b"]);
  });

  test("by the key of a batch, all of its videos", async () => {
    const one = orderSchema.parse({
      input: { mode: "master-text-to-video", prompt: "a still life", duration: 5 },
    });
    const videos = ["vid_a", "vid_b"].map((videoId) => ({ videoId, order: one }));
    await ledger.admitBatch({ videos, owner: "anna", idempotencyKey: "batch-1" });
    expect(await find("batch-1")).toEqual(["vid_a", "vid_b"]);
  });

  test.each(["vid", "vid_a*", "", "order-1 "])(
    "nothing for %j: only what is exactly so is found",
    async (text) => {
      await order("vid_a", "anna", 5, "order-1");
      expect(await find(text)).toEqual([]);
    },
  );
});

describe("the roll of workers", () => {
  test("who signs is there with its roles, and gone when it leaves", async () => {
    const [one, other] = [createWorkerRoll(redis, prefix), createWorkerRoll(redis, prefix)];
    await one.sign({ place: "a:1", roles: ["submit", "sweep"] });
    await other.sign({ place: "b:2", roles: ["poll"] });
    await one.sign({ place: "a:1", roles: ["sweep"] });
    const seen = await readWorkerRoll(redis, prefix);
    expect(seen.map(({ place, roles }) => [place, roles])).toEqual([
      ["a:1", ["sweep"]],
      ["b:2", ["poll"]],
    ]);
    await one.leave();
    expect((await readWorkerRoll(redis, prefix)).map(({ place }) => place)).toEqual(["b:2"]);
  });

  test("who fell silent is told with the time, and forgotten by others after an hour", async () => {
    const [one, other] = [createWorkerRoll(redis, prefix), createWorkerRoll(redis, prefix)];
    await one.sign({ place: "a:1", roles: ["poll"] });
    const [id = ""] = await redis.zrange(`${prefix}:workers`, 0, 0);
    await redis.zadd(`${prefix}:workers`, (await ledger.readTime()) - 60_000, id);
    expect((await readWorkerRoll(redis, prefix))[0]?.silentMs).toBeGreaterThanOrEqual(60_000);
    await redis.zadd(`${prefix}:workers`, (await ledger.readTime()) - 3_700_000, id);
    await other.sign({ place: "b:2", roles: ["poll"] });
    expect((await readWorkerRoll(redis, prefix)).map(({ place }) => place)).toEqual(["b:2"]);
    expect(await redis.hlen(`${prefix}:worker-signs`)).toBe(1);
  });
});

describe("the history of limits", () => {
  test("one of many sweepers takes the turn", async () => {
    await ledger.limits.announce([ACCOUNT]);
    const turns = await Promise.all([1, 2, 3].map(() => ledger.limits.sample(60_000)));
    expect(turns.filter(Boolean)).toHaveLength(1);
    expect(await ledger.limits.history("main", 0)).toHaveLength(1);
  });

  test("tells use, limits and the 429s since the sample before, each 429 once", async () => {
    const learned = { name: "main", concurrency: 7 };
    await ledger.limits.announce([learned]);
    for (const id of ["vid_a", "vid_b", "vid_c"]) await order(id);
    // While no limit is known, few calls may wait for an answer at a time.
    await accepted();
    const claim = await ledger.claimSubmission([learned]);
    if (claim.kind !== "claimed") throw new Error("not claimed");
    const problem = { code: "throttled", class: "account", message: "429" } as const;
    await ledger.learnAnswer(claim, {
      fact: "refused_for_now",
      kind: "throttled",
      backoffMs: 0,
      problem,
    });
    const sample = async (): Promise<void> => {
      await redis.del(`${prefix}:sample-turn`);
      await ledger.limits.sample(60_000);
    };
    await sample();
    const sampledMs = await ledger.readTime();
    await untilTrue(async () => (await ledger.readTime()) > sampledMs);
    await sample();
    const [first, second] = await ledger.limits.history("main", 0);
    expect(first).toMatchObject({ inFlight: 1, limit: expect.any(Number), refused: 1 });
    expect(second).toMatchObject({ inFlight: 1, refused: 0 });
    expect(await ledger.limits.history("main", first?.atMs ?? 0)).toEqual([second]);
  });
});

test("what is noted in the audit log stands beside what scripts note", async () => {
  await noteAudit(redis, prefix, { by: "ada", verb: "poll", videoId: "vid_a", details: { why: "slow" } });
  expect(await ledger.readAudit(10)).toMatchObject([
    { by: "ada", verb: "poll", videoId: "vid_a", details: { why: "slow" } },
  ]);
});
