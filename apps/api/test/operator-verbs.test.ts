import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Ledger } from "@rushes/ledger";
import type { AttemptKey } from "@rushes/pipeline";
import { startTestRedis, type TestRedis } from "@rushes/test-rig";
import { PROBLEMS } from "../src/problem-codes.ts";
import { videoSchema } from "../src/video-schema.ts";
import {
  runApi,
  sha256Hex,
  storedKeys,
  textOrder,
  workersLedger,
  type Answer,
  type RunningApi,
} from "./running-api.ts";

const ANNA = "anna-key-0123456789";
const OPS = "ops-key-0123456789";
const MISSING_ID = `vid_${"0".repeat(26)}`;
const VERBS = ["adopt", "release", "write-off", "poll", "rearchive"] as const;

let server: TestRedis;
let redis: Redis;
let api: RunningApi;
/** Plays the worker: claims and learns what the provider would have answered. */
let ledger: Ledger;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
});
beforeEach(async () => {
  api = await runApi(server.url, { API_KEYS: `anna:${sha256Hex(ANNA)},ops:${sha256Hex(OPS)}:admin` });
  ledger = workersLedger(redis, api);
  return () => api.stop(new AbortController().signal);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** Anna's video with one attempt. */
async function attempted(extra: object = {}): Promise<{ id: string; attempt: AttemptKey }> {
  const { json } = await api.order({ ...textOrder(), ...extra }, { key: ANNA });
  return { id: json.id, attempt: await claimed() };
}

async function claimed(): Promise<AttemptKey> {
  const claim = await ledger.claimSubmission([{ name: "main", concurrency: 99, rate: 1_000_000 }]);
  if (claim.kind !== "claimed") throw new Error(`expected a claim, got ${claim.kind}`);
  return claim;
}

async function unconfirmed(extra: object = {}): Promise<{ id: string; attempt: AttemptKey }> {
  const video = await attempted(extra);
  await ledger.learnAnswer(video.attempt, { fact: "unknown" });
  return video;
}

const accept = (attempt: AttemptKey, taskId: string) =>
  ledger.learnAnswer(attempt, { fact: "accepted", taskId, firstLookMs: 60_000 });

function press(id: string, verb: (typeof VERBS)[number], body?: unknown, key = OPS): Promise<Answer> {
  return api.ask(`/v1/videos/${id}/${verb}`, {
    method: "POST",
    key,
    ...(body === undefined ? {} : { body }),
  });
}

const bodyOf = (verb: string): object | undefined => (verb === "adopt" ? { task_id: "task-1" } : undefined);
const audit = async () => (await api.ask("/v1/audit", { key: OPS })).json.data;
const code = ({ status, json }: Answer): [number, string] => [status, json.code];

describe.each(VERBS)("%s", (verb) => {
  test("is for admins only, whether there is such a video or not, and nothing happens", async () => {
    const { id } = await unconfirmed();
    const before = await storedKeys(server.url, api.prefix);
    for (const video of [id, MISSING_ID, "x"]) {
      expect(code(await press(video, verb, bodyOf(verb), ANNA))).toEqual([403, "admin_only"]);
    }
    expect(code(await press(id, verb, { nonsense: 1 }, ANNA))).toEqual([403, "admin_only"]);
    expect(await storedKeys(server.url, api.prefix)).toEqual(before);
    expect(await audit()).toEqual([]);
  });

  test("of a video that does not exist is 404", async () => {
    for (const video of [MISSING_ID, "x"]) {
      expect(code(await press(video, verb, bodyOf(verb)))).toEqual([404, "video_not_found"]);
    }
  });

  test("refuses fields and parameters that it does not know", async () => {
    const { id } = await unconfirmed();
    const { status, json } = await press(id, verb, { ...bodyOf(verb), nonsense: 1 });
    expect([status, json.code, json.errors]).toEqual([
      422,
      "invalid_body",
      [{ field: "nonsense", message: "unknown field" }],
    ]);
    const path = `/v1/videos/${id}/${verb}?dry_run=true`;
    expect(code(await api.ask(path, { method: "POST", key: OPS, body: bodyOf(verb) ?? {} }))).toEqual([
      422,
      "invalid_query",
    ]);
    expect((await ledger.read(id))?.record.phase).toBe("unconfirmed");
  });

  test("of a video that has moved on is 409, and says what it is", async () => {
    const { json } = await api.order(textOrder(), { key: ANNA });
    await ledger.cancel(json.id);
    const other = await attempted();
    const video = verb === "adopt" ? other.id : json.id;
    const answer = await press(video, verb, bodyOf(verb));
    expect(code(answer)).toEqual([409, "stale"]);
    expect(answer.json.detail).toContain(verb === "adopt" ? "submitting" : "cancelled");
    expect(await audit()).toEqual([]);
  });
});

describe("rearchive", () => {
  const aFile = (key: string) => ({
    ...{
      url: `s3://bucket/${key}`,
      bucket: "bucket",
      key,
      bytes: 1,
      sha256: "ab",
      content_type: "video/mp4",
    },
  });

  test("of a completed video is noted, shown, named in the audit log, and given to the archive stage", async () => {
    const { id, attempt } = await attempted();
    await accept(attempt, "task-1");
    expect(code(await press(id, "rearchive"))).toEqual([409, "stale"]);
    const report = { report: "succeeded", resultUrls: ["https://files.example/a.mp4"] } as const;
    await ledger.recordLook(attempt, "task-1", report);
    const output = [aFile("a.mp4")];
    await ledger.recordArchive(attempt, "task-1", { result: "stored", output, manifest: aFile("a.json") });
    const { status, json } = await press(id, "rearchive");
    expect([status, json.phase]).toEqual([202, "completed"]);
    expect(videoSchema.parse(json)).toEqual(json);
    expect(json.rearchive).toMatchObject({ state: "asked" });
    expect(await audit()).toMatchObject([
      { by: "ops", verb: "rearchive", video_id: id, details: { task: "task-1" } },
    ]);
    const jobs = await redis.lrange(`${api.prefix}:archive:wait`, 0, -1);
    expect(jobs.some((job) => job.startsWith(`${id}.archive.`))).toBe(true);
  });
});

describe("adopt", () => {
  test("notes the task, shows it, and says who asked", async () => {
    const { id } = await unconfirmed();
    const { status, json } = await press(id, "adopt", { task_id: "task-1" });
    expect([status, json.phase]).toEqual([202, "unconfirmed"]);
    expect(videoSchema.parse(json)).toEqual(json);
    expect(json.adoption).toMatchObject({ task_id: "task-1", state: "asked" });
    const [entry] = await audit();
    expect(entry).toEqual({
      object: "audit_entry",
      at: expect.any(Number),
      by: "ops",
      verb: "adopt",
      video_id: id,
      details: { task: "task-1" },
    });
    const jobs = await redis.lrange(`${api.prefix}:poll:wait`, 0, -1);
    expect(jobs.some((job) => job.startsWith(`${id}.poll.`))).toBe(true);
  });

  test("of a task that the provider did not know stays visible until the video follows one", async () => {
    const { id, attempt } = await unconfirmed();
    await press(id, "adopt", { task_id: "task-x" });
    await ledger.refuseAdoption(id, "task-x", "the provider does not know this task");
    const { json } = await api.ask(`/v1/videos/${id}`, { key: ANNA });
    expect(videoSchema.parse(json)).toEqual(json);
    expect(json).toMatchObject({
      phase: "unconfirmed",
      adoption: { task_id: "task-x", state: "refused", message: expect.stringContaining("does not know") },
    });
    expect((await press(id, "adopt", { task_id: "task-y" })).json.adoption).toMatchObject({ state: "asked" });
    await ledger.refuseAdoption(id, "task-y", "the provider does not know this task");
    await accept(attempt, "task-1");
    expect((await api.ask(`/v1/videos/${id}`, { key: ANNA })).json).toMatchObject({
      phase: "generating",
      adoption: null,
      unconfirmed: null,
    });
  });

  test("of a task that is taken is 409", async () => {
    const taken = await attempted();
    await accept(taken.attempt, "task-1");
    const { id } = await unconfirmed({ max_charges: 2 });
    expect(code(await press(id, "adopt", { task_id: "task-1" }))).toEqual([409, "task_elsewhere"]);
    // Its own, which still runs.
    await press(id, "release");
    const second = await claimed();
    await accept(second, "task-2");
    expect(code(await press(id, "adopt", { task_id: "task-2" }))).toEqual([409, "stale"]);
    await ledger.recordLook(second, "task-2", {
      report: "failed",
      problem: { code: "c", class: "unknown", message: "m" },
      mayRetry: false,
      backoffMs: 0,
    });
    expect(code(await press(id, "adopt", { task_id: "task-2" }))).toEqual([409, "task_known"]);
    expect(await audit()).toMatchObject([{ verb: "release" }]);
  });

  test("where no answer was lost is 409", async () => {
    const { json } = await api.order(textOrder(), { key: ANNA });
    expect(code(await press(json.id, "adopt", { task_id: "task-1" }))).toEqual([409, "no_unknown_attempt"]);
  });

  test.each([
    undefined,
    null,
    [],
    {},
    { task_id: "" },
    { task_id: 7 },
    { task_id: " a" },
    { task_id: "a\n" },
  ])("with the body %j is 422", async (body) => {
    const { id } = await unconfirmed();
    const { status, json } = await press(id, "adopt", body);
    expect([status, json.code]).toEqual([422, "invalid_body"]);
    expect(json.errors).toHaveLength(1);
  });
});

describe("release", () => {
  test("lets the video be charged once more, within what its caller allowed", async () => {
    const { id } = await unconfirmed({ max_charges: 2 });
    const { status, json } = await press(id, "release");
    expect([status, json.phase, json.unconfirmed]).toEqual([202, "queued", null]);
    expect(json.cost.reserved_usd).toBe(2);
    expect((await claimed()).number).toBe(2);
  });

  test("beyond that needs a larger max_charges, and says which", async () => {
    const { id } = await unconfirmed();
    for (const body of [undefined, {}, { max_charges: 1 }]) {
      const refused = await press(id, "release", body);
      expect(code(refused)).toEqual([409, "charges_used_up"]);
      expect(refused.json.detail).toContain("release it with max_charges 2");
    }
    expect((await press(id, "release", { max_charges: 2 })).json.phase).toBe("queued");
    expect(await audit()).toMatchObject([
      { by: "ops", verb: "release", details: { max_charges_before: "1", max_charges: "2" } },
    ]);
  });

  test("pressed twice at once makes one new charge", async () => {
    const { id } = await unconfirmed();
    const answers = await Promise.all([1, 2, 3, 4].map(() => press(id, "release", { max_charges: 2 })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409, 409, 409]);
    expect((await claimed()).number).toBe(2);
    expect((await ledger.claimSubmission([{ name: "main", concurrency: 99, rate: 1_000_000 }])).kind).toBe(
      "idle",
    );
    expect(await audit()).toHaveLength(1);
  });

  test("of attempts that were not seen is refused", async () => {
    const { id } = await unconfirmed({ max_charges: 9 });
    const seen = (await api.ask(`/v1/videos/${id}`, { key: OPS })).json.unconfirmed.attempts;
    await press(id, "release", { attempts: seen });
    await ledger.learnAnswer(await claimed(), { fact: "unknown" });
    const late = await press(id, "release", { attempts: seen });
    expect(code(late)).toEqual([409, "stale"]);
    expect(late.json.detail).toContain("2 attempts");
    expect((await press(id, "release", { attempts: 2 })).status).toBe(202);
  });

  test.each([
    null,
    [],
    "x",
    { max_charges: 0 },
    { max_charges: 11 },
    { max_charges: "2" },
    { attempts: 1.5 },
  ])("with the body %j is refused", async (body) => {
    const { id } = await unconfirmed();
    const { status } = await press(id, "release", body);
    expect(status).toBe(body === "x" ? 400 : 422);
    expect((await ledger.read(id))?.record.phase).toBe("unconfirmed");
  });
});

test("write-off ends the video and books its money", async () => {
  const { id } = await unconfirmed();
  const { status, json } = await press(id, "write-off");
  expect(status).toBe(202);
  expect(json).toMatchObject({
    status: "failed",
    error: { code: "charge_written_off", class: "operator" },
    cost: { reserved_usd: 0, billed_usd: 1 },
  });
  expect(code(await press(id, "write-off"))).toEqual([409, "stale"]);
  expect(await audit()).toMatchObject([{ by: "ops", verb: "write-off", video_id: id }]);
});

test("poll makes the next look due, and adds its job", async () => {
  const { id, attempt } = await attempted();
  await accept(attempt, "task-1");
  const before = (await ledger.read(id))?.record;
  const { status, json } = await press(id, "poll");
  expect([status, json.phase]).toEqual([202, "generating"]);
  const after = (await ledger.read(id))?.record;
  expect(after?.dueMs).toBeLessThan(before?.dueMs ?? 0);
  expect(await redis.lrange(`${api.prefix}:poll:wait`, 0, -1)).toContain(`${id}.poll.${after?.wake}`);
});

describe("an operator finds what waits for them", () => {
  test("everybody's unconfirmed videos, with what is at stake and since when", async () => {
    const first = await unconfirmed();
    const second = await unconfirmed({ max_charges: 3 });
    await attempted();
    const { json } = await api.ask("/v1/videos?phase=unconfirmed", { key: OPS });
    expect(json.data.map(({ id }: { id: string }) => id).toSorted()).toEqual(
      [first.id, second.id].toSorted(),
    );
    expect(json.data.find(({ id }: { id: string }) => id === second.id)).toMatchObject({
      provider: { account: "main", task_id: null },
      unconfirmed: { at_stake_usd: 1, attempts: 1, max_charges: 3, since: expect.any(Number) },
    });
  });

  test("the audit log, newest first, as long as was asked for", async () => {
    for (const _ of [1, 2, 3]) await press((await unconfirmed()).id, "write-off");
    await press((await unconfirmed()).id, "release", { max_charges: 2 });
    expect((await audit()).map(({ verb }: { verb: string }) => verb)).toEqual([
      "release",
      "write-off",
      "write-off",
      "write-off",
    ]);
    expect((await api.ask("/v1/audit?limit=2", { key: OPS })).json.data).toHaveLength(2);
    expect(code(await api.ask("/v1/audit?limit=0", { key: OPS }))).toEqual([422, "invalid_query"]);
    expect(code(await api.ask("/v1/audit", { key: ANNA }))).toEqual([403, "admin_only"]);
  });
});

test("the documentation names the verbs' problems, and its examples can be sent as they stand", async () => {
  const { paths } = (await api.ask("/openapi.json")).json;
  for (const verb of VERBS) {
    const { responses } = paths[`/v1/videos/{id}/${verb}`].post;
    for (const name of ["admin_only", "video_not_found", "stale", "invalid_body"] as const) {
      expect(responses[PROBLEMS[name].status].description).toContain(name);
    }
  }
  for (const verb of ["adopt", "release"] as const) {
    const { requestBody } = paths[`/v1/videos/{id}/${verb}`].post;
    const { example } = requestBody.content["application/json"];
    expect((await press((await unconfirmed()).id, verb, example)).status).toBe(202);
  }
});
