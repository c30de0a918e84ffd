import { Redis } from "ioredis";
import { orderSchema, type AttemptKey, type Order } from "@rushes/pipeline";
import { createRandom, startTestRedis, uniquePrefix, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createLedger, type Ledger } from "../src/index.ts";
import { A_MANIFEST, SETTINGS } from "./ledger-settings.ts";

const ACCOUNT = { name: "main", concurrency: 1_000, rate: 1_000_000 };
const OWNERS = ["anna", "ben", "cleo", "dan"];

let server: TestRedis;
let redis: Redis;
let ledger: Ledger;
let prefix: string;
let made = 0;

beforeAll(async () => {
  server = await startTestRedis({ appendOnly: false });
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => {
  prefix = uniquePrefix("outlook");
  ledger = createLedger(redis, prefix, SETTINGS);
});

const anOrder = (priority = 0, delay_s = 0): Order =>
  orderSchema.parse({
    input: { mode: "master-text-to-video", prompt: "a still life", duration: 5 },
    priority,
    delay_s,
  });

async function admitted(owner: string, order = anOrder()): Promise<string> {
  made += 1;
  const videoId = `vid_${made}`;
  await ledger.admit({ videoId, owner, idempotencyKey: null, order });
  return videoId;
}

async function claimed(): Promise<AttemptKey | null> {
  const claim = await ledger.claimSubmission([ACCOUNT]);
  if (claim.kind !== "claimed") return null;
  const { videoId, number, secret, account } = claim;
  return { videoId, number, secret, account };
}

describe("how many are ahead", () => {
  test.each(Array.from({ length: 25 }, (_, index) => index + 1))(
    "is how many are claimed before an order of now (seed %i)",
    async (seed) => {
      const random = createRandom(seed);
      const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
      for (let step = Math.floor(random() * 40); step > 0; step -= 1) {
        if (random() < 0.3) await claimed();
        else await admitted(pick(OWNERS.slice(0, 1 + (seed % 4))), anOrder(pick([0, 0, 5, -5])));
      }
      const [owner, priority] = [pick(OWNERS), pick([0, 5, -5])];
      const told = await ledger.outlook.countAhead(owner, priority);
      const own = await admitted(owner, anOrder(priority));
      let before = 0;
      for (let claim = await claimed(); claim?.videoId !== own; claim = await claimed()) before += 1;
      expect(told).toBe(before);
    },
  );

  test("counts what was ordered for later once its time has come, and not before", async () => {
    await admitted("anna", anOrder(0, 3_600));
    const soon = await admitted("ben", anOrder(0, 0.001));
    await expect.poll(() => ledger.outlook.countAhead("cleo", 0)).toBe(1);
    await redis.zadd(`${prefix}:later`, Date.now() + 60_000, soon);
    expect(await ledger.outlook.countAhead("cleo", 0)).toBe(0);
  });
});

describe("the pace", () => {
  test("knows nothing where nothing has happened", async () => {
    expect(await ledger.outlook.readPace()).toMatchObject({ accounts: [], ended: [] });
  });

  test("tells of videos that ended how long they took, and of open accounts what is known of their limits", async () => {
    await ledger.limits.announce([
      { name: "main", concurrency: 7, rate: 30 },
      { name: "spare" },
      { name: "shut", concurrency: 1 },
    ]);
    await ledger.noteBalance("shut", 0);
    for (let count = 0; count < 3; count += 1) await admitted("anna");
    const [one, other, running] = [await claimed(), await claimed(), await claimed()];
    for (const attempt of [one, other, running]) {
      if (!attempt) throw new Error("no claim");
      await ledger.learnAnswer(attempt, {
        fact: "accepted",
        taskId: `task-${attempt.videoId}`,
        firstLookMs: 0,
      });
    }
    if (!one || !other) throw new Error("no claim");
    const looked = `task-${one.videoId}`;
    await ledger.recordLook(one, looked, {
      report: "succeeded",
      resultUrls: ["https://files.example/a.mp4"],
    });
    await ledger.recordArchive(one, looked, { result: "stored", output: [], manifest: A_MANIFEST });
    const problem = { code: "a_problem", class: "unknown", message: "" } as const;
    await ledger.recordLook(other, `task-${other.videoId}`, {
      report: "failed",
      problem,
      mayRetry: false,
      backoffMs: 0,
    });
    await ledger.cancel(await admitted("anna"));

    const pace = await ledger.outlook.readPace();
    const [ended] = await ledger.readMany([one.videoId]);
    expect(pace.ended).toEqual([
      expect.objectContaining({ completedMs: null }),
      {
        mode: "master-text-to-video",
        duration: 5,
        submittedMs: ended?.record.submittedMs,
        taskEndedMs: ended?.record.archivingMs,
        completedMs: ended?.record.completedMs,
      },
    ]);
    expect(pace.accounts).toEqual([
      { places: 7, placesTaken: 1, perMinute: 30 },
      { places: null, placesTaken: 0, perMinute: null },
    ]);
    await ledger.submitSwitch.pause("ops");
    expect((await ledger.outlook.readPace()).accounts).toEqual([]);
  });
});

test("what is spent is what is reserved and billed today", async () => {
  expect(await ledger.outlook.readSpent()).toBe(0);
  for (let count = 0; count < 2; count += 1) await admitted("anna");
  const attempt = await claimed();
  if (!attempt) throw new Error("no claim");
  await ledger.learnAnswer(attempt, { fact: "accepted", taskId: "task", firstLookMs: 0 });
  expect(await ledger.outlook.readSpent()).toBe(2_000_000);
});
