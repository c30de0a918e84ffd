import { Redis } from "ioredis";
import { orderSchema, type AttemptKey, type Standing, type VideoRecord } from "@rushes/pipeline";
import { startTestRedis, uniquePrefix, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createLedger, type Ledger } from "../src/index.ts";
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
  prefix = uniquePrefix("archive");
  ledger = createLedger(redis, prefix, SETTINGS);
});

const URLS = ["https://files.example/a.mp4"];
const order = orderSchema.parse({
  input: { mode: "master-text-to-video", prompt: "a still life", duration: 5 },
});

/** A video whose task, `task-<id>`, runs. */
async function generating(videoId: string): Promise<AttemptKey> {
  await ledger.admit({ videoId, owner: "caller", idempotencyKey: null, order });
  const claim = await ledger.claimSubmission([{ name: "main", concurrency: 9, rate: 1_000_000 }]);
  if (claim.kind !== "claimed") throw new Error(`expected a claim, got ${claim.kind}`);
  await ledger.learnAnswer(claim, { fact: "accepted", taskId: `task-${videoId}`, firstLookMs: 60_000 });
  return claim;
}

const succeed = (attempt: AttemptKey): Promise<Standing> =>
  ledger.recordLook(attempt, `task-${attempt.videoId}`, { report: "succeeded", resultUrls: URLS });
const store = (attempt: AttemptKey): Promise<Standing> =>
  ledger.recordArchive(attempt, `task-${attempt.videoId}`, {
    result: "stored",
    output: [{ ...A_MANIFEST, key: "a.mp4" }],
    manifest: A_MANIFEST,
  });

async function recordOf(id: string): Promise<VideoRecord> {
  const reading = await ledger.read(id);
  if (!reading) throw new Error(`no record of ${id}`);
  return reading.record;
}

test("totals tell what counts against the budget: what is reserved, and what is spent", async () => {
  const attempt = await generating("vid_a");
  await generating("vid_b");
  await succeed(attempt);
  await ledger.admit({ videoId: "vid_c", owner: "caller", idempotencyKey: null, order });
  const { spentMicros, reservedMicros } = await ledger.readTotals();
  expect([spentMicros, reservedMicros]).toEqual([3_000_000, 1_000_000]);
});

test("what is stored is recorded with its manifest", async () => {
  const attempt = await generating("vid_a");
  await succeed(attempt);
  expect(await store(attempt)).toMatchObject({ result: "moved", phase: "completed" });
  expect(await recordOf("vid_a")).toMatchObject({ output: [{ key: "a.mp4" }], manifest: A_MANIFEST });
});

test("a task's end is when it was first seen, whoever looks again: manifests tell it", async () => {
  const attempt = await generating("vid_a");
  await succeed(attempt);
  // As if it had been seen long ago; the clock of a test cannot be trusted to move on between two looks.
  await redis.hset(`${prefix}:video:vid_a`, "1.ended", 5_000);
  await succeed(attempt);
  expect((await recordOf("vid_a")).attempts).toMatchObject([{ endedMs: 5_000 }]);
});

test("the oldest result that waits for the archive is known, until it is stored or given up", async () => {
  const age = async (): Promise<number | null> => (await ledger.readTotals()).oldestResultAgeMs;
  expect(await age()).toBeNull();
  const [first, second] = [await generating("vid_a"), await generating("vid_b")];
  expect(await age()).toBeNull();
  await succeed(first);
  await succeed(second);
  const now = await ledger.readTime();
  await redis.zadd(`${prefix}:archiving`, now - 900_000, "vid_a", now - 5_000, "vid_b");
  expect(await age()).toBeGreaterThanOrEqual(900_000);
  await store(first);
  expect(await age()).toBeLessThan(900_000);
  expect(await age()).toBeGreaterThanOrEqual(5_000);
  const problem = { code: "result_expired", class: "archive", message: "gone" } as const;
  await ledger.recordArchive(second, "task-vid_b", { result: "gone", problem });
  expect(await age()).toBeNull();
});

test("a result's age is that of the task's end, also where the video came to it later", async () => {
  const attempt = await generating("vid_a");
  await redis.hset(`${prefix}:video:vid_a`, "1.ended", 5_000, "1.state", "ended_ok");
  await succeed(attempt);
  expect(await redis.zscore(`${prefix}:archiving`, "vid_a")).toBe("5000");
});

describe("rearchive (rule 16)", () => {
  const PROBLEM = { code: "result_expired", class: "archive", message: "gone" } as const;
  const OTHER_OUTPUT = [{ ...A_MANIFEST, key: "b.mp4" }];

  async function completed(id: string): Promise<AttemptKey> {
    const attempt = await generating(id);
    await succeed(attempt);
    await store(attempt);
    return attempt;
  }
  async function expired(id: string): Promise<AttemptKey> {
    const attempt = await generating(id);
    await succeed(attempt);
    await ledger.recordArchive(attempt, `task-${id}`, { result: "gone", problem: PROBLEM });
    expect(await recordOf(id)).toMatchObject({ phase: "failed", attempts: [{ state: "result_gone" }] });
    return attempt;
  }
  const stored = (attempt: AttemptKey, output = OTHER_OUTPUT): Promise<Standing> =>
    ledger.recordRearchive(attempt, `task-${attempt.videoId}`, {
      result: "stored",
      output,
      manifest: A_MANIFEST,
    });
  const refused = (attempt: AttemptKey): Promise<Standing> =>
    ledger.recordRearchive(attempt, `task-${attempt.videoId}`, {
      result: "refused",
      why: "as the test says",
    });

  test("is noted for a completed video and for one whose result was gone, and nothing moves yet", async () => {
    await completed("vid_a");
    await expired("vid_b");
    for (const [id, phase] of [
      ["vid_a", "completed"],
      ["vid_b", "failed"],
    ] as const) {
      const before = await recordOf(id);
      expect(await ledger.requestRearchive(id, "ops")).toMatchObject({ result: "requested", phase });
      expect(await recordOf(id)).toEqual({
        ...before,
        rev: before.rev + 1,
        rearchive: { by: "ops", tries: 0 },
      });
    }
    expect(await ledger.readAudit(9)).toMatchObject([
      { by: "ops", verb: "rearchive", videoId: "vid_b", details: { task: "task-vid_b" } },
      { by: "ops", verb: "rearchive", videoId: "vid_a", details: { task: "task-vid_a" } },
    ]);
  });

  test("is stale for every other video, and leaves no trace", async () => {
    await ledger.admit({ videoId: "vid_q", owner: "caller", idempotencyKey: null, order });
    await ledger.cancel("vid_q");
    const running = await generating("vid_r");
    const ended = await generating("vid_f");
    await ledger.recordLook(ended, "task-vid_f", { report: "lost", problem: PROBLEM });
    const before = await Promise.all(["vid_q", "vid_r", "vid_f"].map(recordOf));
    for (const id of ["vid_q", "vid_r", "vid_f"])
      expect((await ledger.requestRearchive(id, "ops")).result).toBe("stale");
    await succeed(running);
    expect((await ledger.requestRearchive("vid_r", "ops")).result).toBe("stale");
    expect(await recordOf("vid_q")).toEqual(before[0]);
    expect(await recordOf("vid_f")).toEqual(before[2]);
    expect(await ledger.readAudit(9)).toEqual([]);
  });

  test("completes a failed video once its files are stored; its money and attempts are what they were", async () => {
    const attempt = await expired("vid_a");
    const before = await recordOf("vid_a");
    await ledger.requestRearchive("vid_a", "ops");
    expect(await stored(attempt)).toMatchObject({ result: "stored", phase: "completed" });
    const after = await recordOf("vid_a");
    expect(after).toMatchObject({
      ...{ phase: "completed", error: null, rearchive: null, refusedRearchive: null, output: OTHER_OUTPUT },
      attempts: [{ state: "ended_ok", money: "billed" }],
    });
    expect(after.completedMs).not.toBeNull();
    expect([after.billedMicros, after.reservedMicros]).toEqual([before.billedMicros, before.reservedMicros]);
    expect((await ledger.readTotals()).phases).toMatchObject({ completed: 1, failed: 0 });
    expect(await ledger.countInflight("main")).toBe(0);
  });

  test("that is refused leaves a completed video completed, with its output, and says why", async () => {
    const attempt = await completed("vid_a");
    const before = await recordOf("vid_a");
    await ledger.requestRearchive("vid_a", "ops");
    expect((await refused(attempt)).result).toBe("refused");
    expect(await recordOf("vid_a")).toEqual({
      ...before,
      rev: before.rev + 2,
      refusedRearchive: "as the test says",
    });
    await ledger.requestRearchive("vid_a", "ops");
    expect((await recordOf("vid_a")).refusedRearchive).toBeNull();
  });

  test("counts its tries, and is asked for anew without them", async () => {
    const attempt = await completed("vid_a");
    await ledger.requestRearchive("vid_a", "ops");
    const again = () => ledger.recordRearchive(attempt, "task-vid_a", { result: "again" });
    expect((await again()).result).toBe("again");
    expect((await again()).result).toBe("again");
    expect((await recordOf("vid_a")).rearchive).toEqual({ by: "ops", tries: 2 });
    await ledger.requestRearchive("vid_a", "ops");
    expect((await recordOf("vid_a")).rearchive).toEqual({ by: "ops", tries: 0 });
  });

  test("counts only while it is asked for, and for the attempt that the video follows", async () => {
    const attempt = await completed("vid_a");
    expect((await stored(attempt)).result).toBe("stale");
    await ledger.requestRearchive("vid_a", "ops");
    expect((await stored({ ...attempt, secret: "another" })).result).toBe("stale");
    expect(await recordOf("vid_a")).toMatchObject({ rearchive: null, output: [{ key: "a.mp4" }] });
  });

  test("without that rule a copy for another attempt would be taken", async () => {
    const connection = new Redis(server.url);
    ledger = createLedger(
      connection,
      prefix,
      SETTINGS,
      without("record-rearchive", "and get(record, of(n, 'secret')) == secret", ""),
    );
    const attempt = await completed("vid_a");
    await ledger.requestRearchive("vid_a", "ops");
    expect((await stored({ ...attempt, secret: "another" })).result).toBe("stored");
    connection.disconnect();
  });

  test("tells the webhook once more only when a file has another place", async () => {
    const webhook = { webhook_url: "https://hooks.example/", webhook_events: ["completed" as const] };
    const told = { ...order, ...webhook };
    await ledger.admit({ videoId: "vid_a", owner: "caller", idempotencyKey: null, order: told });
    const claim = await ledger.claimSubmission([{ name: "main", concurrency: 9, rate: 1_000_000 }]);
    if (claim.kind !== "claimed") throw new Error(`expected a claim, got ${claim.kind}`);
    await ledger.learnAnswer(claim, { fact: "accepted", taskId: "task-vid_a", firstLookMs: 60_000 });
    await succeed(claim);
    expect((await store(claim)).delivery).not.toBeNull();
    await ledger.requestRearchive("vid_a", "ops");
    expect((await stored(claim, [{ ...A_MANIFEST, key: "a.mp4" }])).delivery).toBeNull();
    await ledger.requestRearchive("vid_a", "ops");
    expect((await stored(claim)).delivery).not.toBeNull();
    await ledger.requestRearchive("vid_a", "ops");
    expect((await refused(claim)).delivery).toBeNull();
  });

  test("whose job was lost is woken by the sweep for the archive stage, until it is settled", async () => {
    const attempt = await completed("vid_a");
    await ledger.requestRearchive("vid_a", "ops");
    expect(await ledger.claimWatched()).toEqual([]);
    await redis.zadd(`${prefix}:watched`, 0, "vid_a");
    const { rev } = await recordOf("vid_a");
    expect(await ledger.claimWatched()).toEqual([{ videoId: "vid_a", rev: rev + 1, stages: ["archive"] }]);
    expect(await ledger.claimWatched()).toEqual([]);
    await refused(attempt);
    await redis.zadd(`${prefix}:watched`, 0, "vid_a");
    expect(await ledger.claimWatched()).toEqual([]);
    expect(await redis.zscore(`${prefix}:watched`, "vid_a")).toBeNull();
  });
});
