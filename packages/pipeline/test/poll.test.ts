import { describe, expect, test } from "vitest";
import {
  Failure,
  poll,
  type LookFact,
  type Outcome,
  type PollPorts,
  type Provider,
  type TaskReport,
} from "../src/index.ts";
import {
  aReading,
  aStanding,
  JOB,
  POLL_SETTINGS,
  scriptedProvider,
  scriptedRecords,
} from "./stage-material.ts";

const LIFE_OVER = 1_000 + 1_296_000_000;

async function look(
  statusTask: Provider["statusTask"],
  {
    reading = aReading(),
    standing = aStanding({ result: "running", wake: 3 }),
    pace = undefined as PollPorts["pace"],
  } = {},
): Promise<{ outcome: Outcome; facts: LookFact[] }> {
  const records = scriptedRecords(reading, standing);
  const outcome = await poll(JOB, {
    records,
    provider: () => scriptedProvider({ statusTask }),
    settings: POLL_SETTINGS,
    random: () => 0,
    ...(pace ? { pace } : {}),
  });
  return { outcome, facts: records.facts as LookFact[] };
}

const reporting = (report: TaskReport) => () => Promise.resolve(report);
const failing = (kind: "throttled" | "unavailable" | "misconfigured", retryAfterMs?: number) => () =>
  Promise.reject(
    new Failure({
      kind,
      class: "provider_fault",
      code: "some_code",
      message: "as the test says",
      ...(retryAfterMs ? { retryAfterMs } : {}),
    }),
  );

describe("a job that has nothing to do asks the provider nothing", () => {
  const never: Provider["statusTask"] = () => Promise.reject(new Error("asked"));
  test.each([
    ["no record", null],
    ["another phase", aReading({ phase: "archiving" })],
    ["a newer job has the video", aReading({ wake: 4 })],
  ])("%s", async (_, reading) => {
    const records = scriptedRecords(reading, aStanding());
    const outcome = await poll(JOB, {
      records,
      provider: () => scriptedProvider({ statusTask: never }),
      settings: POLL_SETTINGS,
      random: () => 0,
    });
    expect(outcome).toMatchObject({ kind: "advance" });
    expect(records.facts).toEqual([]);
  });
});

describe("while the task is not known to have ended, the video is looked at again", () => {
  test("running: after the usual gap", async () => {
    const { outcome, facts } = await look(reporting({ state: "running", providerState: "processing" }));
    expect(facts).toEqual([
      { report: "running", providerState: "processing", nextLookMs: 5_000, late: false, looksFailed: 0 },
    ]);
    expect(outcome).toMatchObject({ kind: "wait", delayMs: 5_000 });
  });

  test("unknown right after the submit: after the usual gap", async () => {
    expect((await look(reporting({ state: "unknown", providerState: "404" }))).outcome).toMatchObject({
      kind: "wait",
      delayMs: 5_000,
    });
  });

  test("success without a file: later and later", async () => {
    const { facts } = await look(reporting({ state: "succeeded", resultUrls: [] }), {
      reading: aReading({ looksFailed: 2 }),
    });
    expect(facts).toMatchObject([{ report: "running", looksFailed: 3, nextLookMs: 40_000 }]);
  });

  test.each(["unavailable", "misconfigured"] as const)("%s: later and later", async (kind) => {
    const { outcome, facts } = await look(failing(kind), { reading: aReading({ looksFailed: 1 }) });
    expect(facts).toMatchObject([{ report: "running", looksFailed: 2 }]);
    expect(outcome).toMatchObject({ kind: "wait", delayMs: 20_000 });
  });

  test("a 429 slows all looks at the account's tasks, and this one no further", async () => {
    const refused: unknown[] = [];
    const pace: PollPorts["pace"] = {
      lookDelayMs: (account, gapMs) => (account === "main" && refused.length > 0 ? gapMs + 7_000 : gapMs),
      noteLookRefused: async (...args) => void refused.push(args),
    };
    const { outcome, facts } = await look(failing("throttled", 7_000), { pace });
    expect(refused).toEqual([["main", 7_000]]);
    expect(facts).toMatchObject([{ report: "running", looksFailed: 0 }]);
    expect(outcome).toMatchObject({ kind: "wait", delayMs: 12_000 });
  });

  test("from LATE_AFTER_MS on it is late", async () => {
    const { facts } = await look(reporting({ state: "running", providerState: "processing" }), {
      reading: aReading({}, 901_000),
    });
    expect(facts).toMatchObject([{ report: "running", late: true }]);
  });

  test("a stopping process leaves it to the next worker", async () => {
    const stopped = new AbortController();
    stopped.abort();
    const records = scriptedRecords(aReading(), aStanding());
    const outcome = await poll(
      { ...JOB, signal: stopped.signal },
      {
        records,
        provider: () => scriptedProvider({ statusTask: failing("unavailable") }),
        settings: POLL_SETTINGS,
        random: () => 0,
      },
    );
    expect(outcome).toMatchObject({ kind: "wait", delayMs: 0 });
    expect(records.facts).toEqual([]);
  });
});

describe("when the task has ended", () => {
  test("with files: archive at once", async () => {
    const { outcome, facts } = await look(
      reporting({ state: "succeeded", resultUrls: ["https://files.example/a.mp4"] }),
      {
        standing: aStanding({ phase: "archiving" }),
      },
    );
    expect(facts).toEqual([{ report: "succeeded", resultUrls: ["https://files.example/a.mp4"] }]);
    expect(outcome).toMatchObject({
      kind: "advance",
      next: [{ stage: "archive", rev: 4, delayMs: 0, about: { task: "task-1" } }],
    });
  });

  test("failed for the provider's capacity: a new charge may be tried, nothing else", async () => {
    const failed = (cls: "provider_capacity" | "content_policy" | "unknown") =>
      reporting({ state: "failed", class: cls, code: "code", message: "words" });
    expect((await look(failed("provider_capacity"))).facts).toMatchObject([
      { report: "failed", mayRetry: true },
    ]);
    expect((await look(failed("content_policy"))).facts).toMatchObject([
      { report: "failed", mayRetry: false },
    ]);
    expect((await look(failed("unknown"))).facts).toMatchObject([{ report: "failed", mayRetry: false }]);
  });

  test("failed and back in line: a turn after its backoff; failed for good: given up", async () => {
    const failed = reporting({
      state: "failed",
      class: "provider_capacity",
      code: "timeout",
      message: "words",
    });
    expect((await look(failed, { standing: aStanding({ phase: "queued" }) })).outcome).toMatchObject({
      kind: "advance",
      next: [{ stage: "submit", rev: 4 }],
    });
    expect((await look(failed, { standing: aStanding({ phase: "failed" }) })).outcome).toMatchObject({
      kind: "give-up",
    });
  });

  test("failed, and an extra charge carries the video on: that one is looked at at once", async () => {
    const failed = reporting({ state: "failed", class: "unknown", code: "x", message: "words" });
    expect((await look(failed, { standing: aStanding() })).outcome).toMatchObject({
      kind: "advance",
      next: [{ stage: "poll", rev: 4, delayMs: 0 }],
    });
  });
});

describe("only the end of a result's life gives a paid task up", () => {
  const over = { reading: aReading({}, LIFE_OVER), standing: aStanding({ phase: "failed" }) };
  test.each([
    ["still running", reporting({ state: "running", providerState: "processing" }), "task_lost"],
    ["unknown to the provider", reporting({ state: "unknown", providerState: "404" }), "task_lost"],
    ["successful without a file", reporting({ state: "succeeded", resultUrls: [] }), "result_missing"],
    ["not to be asked", failing("unavailable"), "task_lost"],
  ])("%s", async (_, statusTask, code) => {
    const { outcome, facts } = await look(statusTask, over);
    expect(facts).toMatchObject([{ report: "lost", problem: { code } }]);
    expect(outcome.kind).toBe("give-up");
    const before = await look(statusTask, { reading: aReading({}, LIFE_OVER - 1) });
    expect(before.facts).toMatchObject([{ report: "running" }]);
  });
});
