import { Redis } from "ioredis";
import { orderSchema } from "@rushes/pipeline";
import { startTestRedis, uniquePrefix, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createLedger, startPlaceGate, type Ledger, type LineClaim } from "../src/index.ts";
import { SETTINGS } from "./ledger-settings.ts";
import { without } from "./without-rule.ts";

const ACCOUNT = { name: "main", concurrency: 9, rate: 1_000_000 };

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
  prefix = uniquePrefix("switch");
  ledger = createLedger(redis, prefix, SETTINGS);
});

async function admitted(videoId: string, delay_s = 0): Promise<void> {
  const input = { mode: "master-text-to-video", prompt: "a still life", duration: 5 };
  const order = orderSchema.parse({ input, delay_s });
  await ledger.admit({ videoId, owner: "caller", idempotencyKey: null, order });
}

const claim = (): Promise<LineClaim> => ledger.claimSubmission([ACCOUNT]);
const phaseOf = async (id: string): Promise<string | undefined> => (await ledger.read(id))?.record.phase;

test("while submissions are paused no intent is written; orders, answers and looks go on", async () => {
  await admitted("vid_a");
  const running = await claim();
  if (running.kind !== "claimed") throw new Error("no claim");
  expect(await ledger.submitSwitch.read()).toBeNull();

  expect(await ledger.submitSwitch.pause("ops")).toBe(true);
  await admitted("vid_b");
  expect(await claim()).toEqual({ kind: "no_place", untilMs: null });
  await ledger.learnAnswer(running, { fact: "accepted", taskId: "task", firstLookMs: 0 });
  const files = { report: "succeeded", resultUrls: ["https://files.example/a.mp4"] } as const;
  await ledger.recordLook(running, "task", files);
  expect([await phaseOf("vid_a"), await phaseOf("vid_b")]).toEqual(["archiving", "queued"]);
  expect((await ledger.readTotals()).submitPause).toEqual({ by: "ops", sinceMs: expect.any(Number) });

  expect(await ledger.submitSwitch.resume("ops")).toBe(true);
  expect(await claim()).toMatchObject({ kind: "claimed", videoId: "vid_b" });
  expect((await ledger.readTotals()).submitPause).toBeNull();
});

test("a second pause and a second resume change nothing, and only what changed is in the audit log", async () => {
  for (const by of ["anna", "bert"]) await ledger.submitSwitch.pause(by);
  expect(await ledger.submitSwitch.read()).toMatchObject({ by: "anna" });
  for (const by of ["cleo", "dan"]) await ledger.submitSwitch.resume(by);
  expect((await ledger.readAudit(9)).map(({ by, verb }) => [by, verb])).toEqual([
    ["cleo", "resume-submit"],
    ["anna", "pause-submit"],
  ]);
});

test("a claim that was made before the pause is answered once more after it", async () => {
  // Sent twice by a connection that died: the second answer names the same intent, and its POST must not be lost.
  await admitted("vid_a");
  let sent: (string | number | Buffer)[] = [];
  const spy = new Proxy(redis, {
    get: (target, name) => {
      const value = Reflect.get(target, name) as unknown;
      if (name !== "rushes:claim-submission") return value;
      return (...args: (string | number)[]) => {
        sent = args;
        return (value as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  const first = await createLedger(spy, prefix, SETTINGS).claimSubmission([ACCOUNT]);
  await ledger.submitSwitch.pause("ops");
  const again = await (redis as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[
    "rushes:claim-submission"
  ]?.(...sent);
  expect(first.kind).toBe("claimed");
  expect(JSON.stringify(again)).toContain((first as { secret: string }).secret);
});

test("with nobody in line a turn ends, and what was ordered for later stands in line when its time comes", async () => {
  await ledger.submitSwitch.pause("ops");
  expect(await claim()).toEqual({ kind: "idle" });
  await admitted("vid_a", 0.001);
  await expect.poll(claim).toMatchObject({ kind: "no_place" });
  await ledger.submitSwitch.resume("ops");
  expect(await claim()).toMatchObject({ kind: "claimed", videoId: "vid_a" });
});

test("turns that wait go on with the resume, not at the next time they would ask", async () => {
  await admitted("vid_a");
  await ledger.submitSwitch.pause("ops");
  const subscriber = new Redis(server.url);
  const met: string[] = [];
  const heard: Pick<Ledger, "claimSubmission" | "readTime"> = {
    readTime: () => ledger.readTime(),
    async claimSubmission(accounts) {
      const answer = await ledger.claimSubmission(accounts);
      met.push(answer.kind);
      return answer;
    },
  };
  const gate = startPlaceGate({
    ...{ ledger: heard, subscriber, prefix, accounts: [ACCOUNT], sendWithinMs: 1_000 },
    monotonicMs: () => performance.now(),
    askAgainMs: 3_600_000,
    onProblem: () => {},
  });
  const waiting = gate.claim(new AbortController().signal);
  await expect.poll(() => redis.pubsub("NUMSUB", `${prefix}:places`)).toEqual([`${prefix}:places`, 1]);
  await expect.poll(() => met).toEqual(["no_place"]);
  await ledger.submitSwitch.resume("ops");
  expect(await waiting).toMatchObject({ kind: "claimed", videoId: "vid_a" });
  await gate.stop();
  subscriber.disconnect();
});

test("the sweep adds no turns beyond those that are missing, however long the pause lasts", async () => {
  for (const id of ["vid_a", "vid_b", "vid_c"]) await admitted(id);
  await ledger.submitSwitch.pause("ops");
  const overdue = (): Promise<unknown> =>
    redis.zadd(`${prefix}:due`, "XX", 0, "vid_a", 0, "vid_b", 0, "vid_c");
  await overdue();
  expect(await ledger.claimOverdue(2)).toHaveLength(1);
  for (let round = 0; round < 3; round += 1) {
    await overdue();
    expect(await ledger.claimOverdue(3)).toEqual([]);
  }
});

test("without its line in the claim the pause holds nothing", async () => {
  const rule = "if redis.call('EXISTS', key('submit-pause')) == 1 then accounts = {} end\n";
  const careless = createLedger(redis, prefix, SETTINGS, without("claim-submission", rule, ""));
  await admitted("vid_a");
  await careless.submitSwitch.pause("ops");
  expect((await careless.claimSubmission([ACCOUNT])).kind).toBe("claimed");
});
