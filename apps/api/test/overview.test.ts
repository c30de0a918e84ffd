import { Redis } from "ioredis";
import type { Ledger, LineClaim } from "@rushes/ledger";
import { openWakeQueues } from "@rushes/queue";
import { startTestRedis, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { runApi, sha256Hex, textOrder, workersLedger, type Answer, type RunningApi } from "./running-api.ts";

const ANNA = "anna-key-0123456789";
const OPS = "ops-key-0123456789";
const ACCOUNT = { name: "main", concurrency: 7, rate: 100_000 };
const LIFE_MS = 1_000_000;

let server: TestRedis;
let redis: Redis;
let api: RunningApi;
/** Plays the workers. */
let ledger: Ledger;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
});
beforeEach(async () => {
  api = await runApi(server.url, {
    API_KEYS: `anna:${sha256Hex(ANNA)},ops:${sha256Hex(OPS)}:admin`,
    ...{ BUDGET_USD_PER_DAY: "50", RESULT_LIFE_MS: String(LIFE_MS) },
  });
  ledger = workersLedger(redis, api, { budgetMicros: 50_000_000 });
  await ledger.limits.announce([ACCOUNT]);
  return () => api.stop(new AbortController().signal);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const press = (verb: "pause" | "resume", key = OPS): Promise<Answer> =>
  api.ask(`/v1/submit/${verb}`, { method: "POST", key });
const overview = async (): Promise<Answer["json"]> => (await api.ask("/v1/overview", { key: OPS })).json;
const claim = (): Promise<LineClaim> => ledger.claimSubmission([ACCOUNT]);
async function claimed(): Promise<Extract<LineClaim, { kind: "claimed" }>> {
  const got = await claim();
  if (got.kind !== "claimed") throw new Error(`expected a claim, got ${got.kind}`);
  return got;
}

test("the overview tells phases with ages, limits, money and what is urgent", async () => {
  for (let i = 0; i < 4; i += 1) await api.order(textOrder(), { key: ANNA });
  const [done, lost, running] = [await claimed(), await claimed(), await claimed()];
  for (const one of [done, running])
    await ledger.learnAnswer(one, { fact: "accepted", taskId: `task-${one.videoId}`, firstLookMs: 60_000 });
  await ledger.learnAnswer(lost, { fact: "unknown" });
  const resultUrls = ["https://files.example/a.mp4"];
  await ledger.recordLook(done, `task-${done.videoId}`, { report: "succeeded", resultUrls });

  const told = await overview();
  const now = told.at;
  const near = expect.toSatisfy((at: number) => Math.abs(at - now) < 60, "a time of this test");
  expect(told).toMatchObject({
    submit: { paused: false, paused_by: null, paused_at: null },
    phases: {
      queued: { videos: 1, oldest_at: near },
      submitting: { videos: 0, oldest_at: null },
      unconfirmed: { videos: 1, oldest_at: near },
      generating: { videos: 1, oldest_at: near },
      archiving: { videos: 1, oldest_at: near },
      completed: { videos: 0, oldest_at: null },
    },
    money: { today_usd: 4, reserved_usd: 2, billed_usd: 2, budget_usd: 50, unconfirmed_usd: 1 },
    archive: { oldest_result_at: near },
    accounts: [{ account: "main", in_flight: 2, concurrency: 7, concurrency_is: "fixed" }],
  });
  expect(told.archive.gone_at - told.archive.oldest_result_at).toBe(LIFE_MS / 1000);
});

test("an admin pauses submissions and lets them go on; both are noted, and the queue is shown as paused", async () => {
  const queues = openWakeQueues(redis, api.prefix);
  await api.order(textOrder(), { key: ANNA });
  const paused = await press("pause");
  expect([paused.status, paused.json]).toEqual([
    200,
    { object: "submit", paused: true, paused_by: "ops", paused_at: expect.any(Number) },
  ]);
  expect(await press("pause")).toMatchObject({ status: 200, json: paused.json });
  expect([(await claim()).kind, await queues.queues.submit.isPaused()]).toEqual(["no_place", true]);
  expect((await overview()).submit).toEqual(paused.json);
  expect((await api.order(textOrder(), { key: ANNA })).status).toBe(202);

  const resumed = await press("resume");
  expect(resumed.json).toEqual({ object: "submit", paused: false, paused_by: null, paused_at: null });
  expect([(await claim()).kind, await queues.queues.submit.isPaused()]).toEqual(["claimed", false]);
  const { json: log } = await api.ask("/v1/audit", { key: OPS });
  expect(log.data).toMatchObject([
    { by: "ops", verb: "resume-submit", video_id: "" },
    { by: "ops", verb: "pause-submit", video_id: "" },
  ]);
  await queues.close();
});

test("whoever obliterates the queue does not end the pause", async () => {
  await api.order(textOrder(), { key: ANNA });
  await press("pause");
  const queues = openWakeQueues(redis, api.prefix);
  await queues.queues.submit.obliterate({ force: true });
  await queues.close();
  expect((await claim()).kind).toBe("no_place");
});

test("others than admins are turned away, and change nothing", async () => {
  await press("pause");
  for (const { status, json } of [
    await press("pause", ANNA),
    await press("resume", ANNA),
    await api.ask("/v1/overview", { key: ANNA }),
  ])
    expect([status, json.code]).toEqual([403, "admin_only"]);
  expect((await overview()).submit.paused_by).toBe("ops");
});
