import { Redis } from "ioredis";
import type { Ledger } from "@rushes/ledger";
import { startTestRedis, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { runApi, sha256Hex, textOrder, workersLedger, type Answer, type RunningApi } from "./running-api.ts";

const ANNA = "anna-key-0123456789";
const OPS = "ops-key-0123456789";
const CONFIGURED = [{ name: "main", concurrency: 7 }, { name: "spare" }];

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
  api = await runApi(server.url, { API_KEYS: `anna:${sha256Hex(ANNA)},ops:${sha256Hex(OPS)}:admin` });
  ledger = workersLedger(redis, api, { limitTimeScale: 0.5 });
  await ledger.limits.announce(CONFIGURED);
  return () => api.stop(new AbortController().signal);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const ask = (path: string, method = "GET", body?: unknown, key = OPS): Promise<Answer> =>
  api.ask(`/v1/limits${path}`, { method, key, ...(body === undefined ? {} : { body }) });
const code = ({ status, json }: Answer): [number, string] => [status, json.code];

test("operators see every account, what is in use, and how sure its limits are", async () => {
  await api.order(textOrder(), { key: ANNA });
  await ledger.claimSubmission(CONFIGURED.slice(0, 1));
  await ledger.noteAccount("spare", { kind: "close", code: "balance_exhausted", videoId: "vid_x" });
  await ledger.noteBalance("spare", 90_000);
  const { status, json } = await ask("");
  expect(status).toBe(200);
  expect(json.data).toMatchObject([
    { account: "main", in_flight: 1, concurrency: 7, concurrency_is: "fixed", closed: null, set: {} },
    { account: "spare", in_flight: 0, concurrency: null, closed: "balance_exhausted", balance_usd: 0.09 },
  ]);
});

test("what is set holds from the next submission on, and is noted with the name of who did it", async () => {
  for (let i = 0; i < 3; i += 1) await api.order(textOrder(), { key: ANNA });
  const { json } = await ask("/main", "PUT", { concurrency: 1, rate: 600 });
  expect(json).toMatchObject({ concurrency: 1, concurrency_is: "fixed", rate_is: "fixed" });
  const [main] = CONFIGURED as [{ name: string; concurrency: number }];
  expect((await ledger.claimSubmission([main])).kind).toBe("claimed");
  expect((await ledger.claimSubmission([main])).kind).toBe("no_place");
  const { json: log } = await api.ask("/v1/audit", { key: OPS });
  expect(log.data).toMatchObject([{ by: "ops", verb: "set-limits", details: { account: "main" } }]);
  expect((await ask("/main", "PUT", { concurrency: null })).json).toMatchObject({
    ...{ concurrency: null, concurrency_is: "unknown", rate_is: "unknown", set: { concurrency: null } },
  });
  expect((await ask("/main", "PUT", {})).json).toMatchObject({ concurrency: 7, set: {} });
});

test("pin fixes what has been learned", async () => {
  for (let i = 0; i < 3; i += 1) await api.order(textOrder(), { key: ANNA });
  const spare = { name: "spare" };
  const accept = async (taskId: string): Promise<void> => {
    const claim = await ledger.claimSubmission([spare]);
    if (claim.kind !== "claimed") throw new Error(`expected a claim, got ${claim.kind}`);
    await ledger.learnAnswer(claim, { fact: "accepted", taskId, firstLookMs: 60_000 });
  };
  await accept("task-1");
  await accept("task-2");
  const claim = await ledger.claimSubmission([spare]);
  if (claim.kind !== "claimed") throw new Error("expected a claim");
  const problem = { code: "rate_limited", class: "provider_capacity", message: "too many" } as const;
  await ledger.learnAnswer(claim, { fact: "refused_for_now", kind: "throttled", backoffMs: 0, problem });
  const before = (await ask("")).json.data[1];
  const pinned = (await ask("/spare/pin", "POST")).json;
  expect(pinned.set.concurrency).toBe(before.concurrency);
  expect(pinned.concurrency_is === "fixed" || pinned.rate_is === "fixed").toBe(true);
});

test("wrong values are named, unknown accounts are not found, and others than admins are turned away", async () => {
  const wrong = await ask("/main", "PUT", { concurrency: 0, rate: "many", speed: 3 });
  expect(code(wrong)).toEqual([422, "invalid_body"]);
  expect(wrong.json.errors.map(({ field }: { field: string }) => field).toSorted()).toEqual([
    ...["concurrency", "rate", "speed"],
  ]);
  expect(code(await ask("/nobody", "PUT", {}))).toEqual([404, "account_not_found"]);
  expect(code(await ask("/nobody/pin", "POST"))).toEqual([404, "account_not_found"]);
  for (const [path, method] of [
    ["", "GET"],
    ["/main", "PUT"],
    ["/main/pin", "POST"],
  ] as const) {
    const body = method === "PUT" ? { concurrency: 1 } : undefined;
    expect(code(await ask(path, method, body, ANNA))).toEqual([403, "admin_only"]);
  }
  expect((await ask("")).json.data[0]).toMatchObject({ concurrency: 7, set: {} });
});
