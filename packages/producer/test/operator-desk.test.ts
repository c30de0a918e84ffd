import { Redis } from "ioredis";
import { createLedger, UNCONFIRMED_BATCH, type Ledger } from "@rushes/ledger";
import { orderSchema, type WakeUp } from "@rushes/pipeline";
import { startTestRedis, uniquePrefix, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createOperatorDesk, type OperatorDesk } from "../src/index.ts";

let server: TestRedis;
let redis: Redis;
let ledger: Ledger;
let desk: OperatorDesk;
let woken: WakeUp[];
/** What was asked of the queue, and how the ledger stood then. */
let presses: string[];

beforeAll(async () => {
  server = await startTestRedis({ appendOnly: false });
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => {
  woken = [];
  ledger = createLedger(redis, uniquePrefix("desk"), {
    budgetMicros: null,
    leaseMaxMs: 3_600_000,
    submitDeadlineMs: 3_600_000,
    billFailedTasks: false,
  });
  presses = [];
  const press = (what: string) => async (): Promise<void> => {
    presses.push(`${what}, ${(await ledger.submitSwitch.read()) ? "paused" : "open"}`);
  };
  desk = createOperatorDesk({
    ledger,
    queues: {
      wake: async (wakeUps) => void woken.push(...wakeUps),
      pauseSubmit: press("pause"),
      resumeSubmit: press("resume"),
    },
  });
});

async function unconfirmed(id: string, maxCharges = 1): Promise<void> {
  const order = orderSchema.parse({
    input: { mode: "master-text-to-video", prompt: "a lake", duration: 5 },
    max_charges: maxCharges,
    webhook_url: "https://receiver.example/",
    webhook_events: ["failed"],
  });
  await ledger.admit({ videoId: id, owner: "caller", idempotencyKey: null, order });
  await loseNext();
}

async function loseNext(): Promise<void> {
  const claim = await ledger.claimSubmission([{ name: "main", concurrency: 9_999, rate: 1_000_000 }]);
  if (claim.kind !== "claimed") throw new Error(`expected a claim, got ${claim.kind}`);
  await ledger.learnAnswer(claim, { fact: "unknown" });
}

const phaseOf = async (id: string): Promise<string | undefined> => (await ledger.read(id))?.record.phase;

test("a release wakes the next turn, and names the attempts that its decision was made on", async () => {
  await unconfirmed("vid_a", 3);
  expect(await desk.release("vid_a", null, "anna", 2)).toMatchObject({ result: "stale" });
  expect(woken).toEqual([]);
  expect(await desk.release("vid_a", null, "anna", 1)).toMatchObject({ result: "released" });
  expect(woken).toMatchObject([{ stage: "submit", videoId: "vid_a" }]);
  await loseNext();
  expect(await desk.release("vid_a", null, "anna", 1)).toMatchObject({ result: "stale" });
});

test("two releases at once are one", async () => {
  await unconfirmed("vid_a", 9);
  const standings = await Promise.all([1, 2, 3].map(() => desk.release("vid_a", null, "anna")));
  expect(standings.map((standing) => standing?.result ?? "").toSorted()).toEqual([
    "released",
    "stale",
    "stale",
  ]);
});

test("the policy wakes the webhook of what it writes off", async () => {
  await unconfirmed("vid_a");
  expect(await desk.settleUnconfirmed("write_off", 0)).toBe(1);
  expect(await phaseOf("vid_a")).toBe("failed");
  expect(woken).toMatchObject([{ stage: "notify", videoId: "vid_a" }]);
});

test("the policy holds by default, and waits for the time it was told", async () => {
  await unconfirmed("vid_a");
  expect(await desk.settleUnconfirmed("hold", 0)).toBe(0);
  expect(await desk.settleUnconfirmed("write_off", 3_600_000)).toBe(0);
  expect(await phaseOf("vid_a")).toBe("unconfirmed");
});

test("videos that have used up their charges do not keep the policy from those behind them", async () => {
  for (let i = 0; i < UNCONFIRMED_BATCH + 20; i += 1) await unconfirmed(`vid_${i}`);
  await unconfirmed("vid_a", 2);
  const settled = [await desk.settleUnconfirmed("release", 0), await desk.settleUnconfirmed("release", 0)];
  expect(settled).toEqual([0, 1]);
  expect(await phaseOf("vid_a")).toBe("queued");
  // And then it begins again with the first.
  await loseNext();
  await unconfirmed("vid_b", 2);
  expect(await desk.settleUnconfirmed("release", 0)).toBe(0);
  expect(await desk.settleUnconfirmed("release", 0)).toBe(1);
});

test("the queue is never paused while the ledger lets submissions go on", async () => {
  expect(await desk.resumeSubmit("anna")).toBe(false);
  expect(await desk.pauseSubmit("anna")).toBe(true);
  expect(await desk.pauseSubmit("bert")).toBe(false);
  expect(await ledger.submitSwitch.read()).toMatchObject({ by: "anna" });
  expect(await desk.resumeSubmit("bert")).toBe(true);
  expect(presses).toEqual(["resume, open", "pause, paused", "pause, paused", "resume, paused"]);
  expect(await ledger.readAudit(9)).toMatchObject([
    { by: "bert", verb: "resume-submit", videoId: "" },
    { by: "anna", verb: "pause-submit", videoId: "" },
  ]);
});
