import { Redis } from "ioredis";
import { orderSchema, type AttemptKey, type Standing, type VideoRecord } from "@rushes/pipeline";
import { startTestRedis, uniquePrefix, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createLedger, type Ledger } from "../src/index.ts";
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
