import { Redis } from "ioredis";
import { orderSchema } from "@rushes/pipeline";
import { startTestRedis, uniquePrefix, untilTrue, type TestRedis } from "@rushes/test-rig";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createLedger, readScriptFile, startPlaceGate, type Ledger, type PlaceGate } from "../src/index.ts";
import { fieldsOf, loadScripts } from "../src/scripts.ts";

let server: TestRedis;
let redis: Redis;
let subscriber: Redis;
let prefix: string;
let ledger: Ledger;
let gate: PlaceGate | undefined;

beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());
beforeEach(() => {
  prefix = uniquePrefix("side-by-side");
  redis = new Redis(server.url);
  subscriber = new Redis(server.url);
  ledger = createLedger(redis, prefix, {
    budgetMicros: null,
    leaseMaxMs: 600_000,
    submitDeadlineMs: 60_000,
    billFailedTasks: false,
  });
});
afterEach(async () => {
  await gate?.stop();
  gate = undefined;
  redis.disconnect();
  subscriber.disconnect();
});

const ORDER = orderSchema.parse({
  input: { mode: "master-text-to-video", duration: 5, prompt: "a drone over a fjord" },
});

async function admit(...ids: string[]): Promise<void> {
  await Promise.all(
    ids.map((videoId) => ledger.admit({ videoId, owner: "anna", idempotencyKey: null, order: ORDER })),
  );
}

function openGate(concurrency: number): PlaceGate {
  gate = startPlaceGate({
    ledger,
    subscriber,
    prefix,
    accounts: [{ name: "main", concurrency, rate: 1_000_000 }],
    sendWithinMs: 60_000,
    monotonicMs: () => performance.now(),
    onProblem: (error) => {
      throw error;
    },
  });
  return gate;
}

test("requests that are made side by side get the answers they would get one after the other", async () => {
  await admit("vid_a", "vid_b", "vid_c");
  const claims = await Promise.all(
    [1, 2, 3, 4].map(() => ledger.claimSubmission([{ name: "main", concurrency: 9, rate: 1_000_000 }])),
  );
  expect(claims.map((claim) => (claim.kind === "claimed" ? claim.videoId : claim.kind))).toEqual([
    "vid_a",
    "vid_b",
    "vid_c",
    "idle",
  ]);
  expect(new Set(claims.map((claim) => (claim.kind === "claimed" ? claim.secret : ""))).size).toBe(4);
});

test("claims made side by side stop at the account's limit", async () => {
  await admit("vid_a", "vid_b", "vid_c");
  const claims = await Promise.all(
    [1, 2, 3].map(() => ledger.claimSubmission([{ name: "main", concurrency: 2, rate: 1_000_000 }])),
  );
  expect(claims.map(({ kind }) => kind)).toEqual(["claimed", "claimed", "no_place"]);
  expect(await ledger.countInflight("main")).toBe(2);
});

test("a request that fails leaves those beside it alone", async () => {
  await admit("vid_a", "vid_c");
  await redis.set(`${prefix}:video:vid_b`, "no hash");
  const results = await Promise.allSettled(["vid_a", "vid_b", "vid_c"].map((id) => ledger.cancel(id)));
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect((await ledger.read("vid_c"))?.record.phase).toBe("cancelled");
  const reads = await Promise.allSettled(["vid_a", "vid_b"].map((id) => ledger.read(id)));
  expect(reads.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
});

test("what Redis refuses as a whole is refused as an error of Redis", async () => {
  await redis.set(`${prefix}:video:vid_b`, "no hash");
  await expect(ledger.cancel("vid_b")).rejects.toMatchObject({ name: "ReplyError" });
});

test("claims that are sent again get the same attempts, and no further intent is written", async () => {
  await admit("vid_a", "vid_b", "vid_c");
  const run = loadScripts(redis, prefix, readScriptFile);
  const claim = async (): Promise<Record<string, string>[]> => {
    const account = ["main", 9, "", "{}", 0, 2, 1_000, 1_001];
    const args = [60_000, 600_000, -1, 0, 2, "a-secret", "another", ...account];
    const [, , ...words] = await run("claim-submission", `${prefix}:line`, args);
    const claims: Record<string, string>[] = [];
    for (let at = 0; at < words.length; at += 1 + Number(words[at]))
      claims.push(fieldsOf(words.slice(at + 1, at + 1 + Number(words[at]))));
    return claims;
  };
  const first = await claim();
  expect(first).toMatchObject([
    { result: "claimed", id: "vid_a", attempt: "1", secret: "a-secret" },
    { result: "claimed", id: "vid_b", attempt: "1", secret: "another" },
  ]);
  expect(await claim()).toEqual(first);
  expect(await ledger.countInflight("main")).toBe(2);
  const attempt = { videoId: "vid_a", number: 1, secret: "a-secret", account: "main" };
  await ledger.learnAnswer(attempt, { fact: "unknown" });
  expect(await claim()).toEqual(first.slice(1));
  expect((await ledger.read("vid_c"))?.record.phase).toBe("queued");
});

test("turns beyond the places wait, and each freed place lets one of them go on, first come first", async () => {
  await admit("vid_a", "vid_b", "vid_c");
  const turns = openGate(1);
  const { signal } = new AbortController();
  const first = await turns.claim(signal);
  const waiting = [turns.claim(signal), turns.claim(signal)];
  if (first.kind !== "claimed") throw new Error(`expected a claim, got ${first.kind}`);
  await ledger.learnAnswer(first, {
    fact: "refused",
    problem: { code: "x", class: "caller_input", message: "x" },
  });
  const second = await Promise.race(waiting);
  expect(second).toMatchObject({ kind: "claimed", videoId: "vid_b" });
  if (second.kind !== "claimed") return;
  await ledger.learnAnswer(second, {
    fact: "refused",
    problem: { code: "x", class: "caller_input", message: "x" },
  });
  expect((await Promise.all(waiting)).map((claim) => "videoId" in claim && claim.videoId)).toEqual([
    "vid_b",
    "vid_c",
  ]);
});

test("turns that come one after the other while places are free never wait for an announcement", async () => {
  await admit("vid_a", "vid_b", "vid_c", "vid_d");
  const turns = openGate(9);
  const { signal } = new AbortController();
  const claims: Promise<{ kind: string }>[] = [];
  for (let i = 0; i < 4; i += 1) {
    claims.push(turns.claim(signal));
    // Into the middle of the question of those before.
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await Promise.all(claims)).map(({ kind }) => kind)).toEqual(Array(4).fill("claimed"));
});

test("turns that wait end when they are told to stop", async () => {
  await admit("vid_a", "vid_b");
  const turns = openGate(1);
  const stopping = new AbortController();
  expect((await turns.claim(stopping.signal)).kind).toBe("claimed");
  const waiting = [1, 2, 3].map(() => turns.claim(stopping.signal));
  stopping.abort();
  expect((await Promise.all(waiting)).map(({ kind }) => kind)).toEqual(["stopped", "stopped", "stopped"]);
  await untilTrue(async () => (await ledger.countInflight("main")) === 1);
});
