import { expect, test } from "vitest";
import {
  archive,
  poll,
  submit,
  type Order,
  type Standing,
  type StoredFile,
  type TaskReport,
} from "../src/index.ts";
import {
  anAttempt,
  aReading,
  aStanding,
  JOB,
  ORDER,
  scriptedProvider,
  scriptedRecords,
} from "./stage-material.ts";

const order: Order = { ...ORDER, webhook_url: "https://hooks.example/rushes" };
const nothing = (): Promise<void> => Promise.resolve();

const submitted = (standing: Standing) =>
  submit(JOB, {
    records: scriptedRecords(null, standing),
    claim: () =>
      Promise.resolve({
        kind: "claimed",
        videoId: "vid_b",
        number: 1,
        secret: "secret",
        account: "main",
        order,
        wake: 2,
        attempts: 1,
        strict: false,
        maySend: () => true,
      }),
    provider: () => scriptedProvider({ generateTask: () => Promise.resolve({ taskId: "task-1" }) }),
    callbackUrl: () => undefined,
    noteAccount: nothing,
    settings: { pollFirstMs: 60_000, retryMinMs: 1_000, retryMaxMs: 60_000 },
    random: () => 0,
  });

const polled = (report: TaskReport, standing: Standing) =>
  poll(JOB, {
    records: scriptedRecords({ ...aReading(), order }, standing),
    provider: () => scriptedProvider({ statusTask: () => Promise.resolve(report) }),
    settings: {
      pollFirstMs: 60_000,
      pollMinMs: 5_000,
      pollMaxMs: 10_000,
      lateAfterMs: 1,
      lateEveryMaxMs: 600_000,
      resultLifeMs: 1_296_000_000,
      retryMinMs: 1_000,
      retryMaxMs: 60_000,
    },
    random: () => 0,
  });

const FILE: StoredFile = {
  url: "s3://bucket/a",
  bucket: "bucket",
  key: "a",
  bytes: 1,
  sha256: "00",
  content_type: "video/mp4",
};
const archived = (standing: Standing) => {
  const attempts = [anAttempt({ state: "ended_ok", resultUrls: ["https://files.example/a.mp4"] })];
  return archive(JOB, {
    records: scriptedRecords({ ...aReading({ phase: "archiving", attempts }), order }, standing),
    provider: () => scriptedProvider({}),
    store: () => Promise.resolve(FILE),
    alert: () => {},
    settings: { resultPlanMs: 1e9, resultLifeMs: 2e9, retryMinMs: 1_000, lateEveryMaxMs: 600_000 },
    random: () => 0,
  });
};

const failed: TaskReport = { state: "failed", class: "unknown", code: "NSFW", message: "no" };
const running: TaskReport = { state: "running", providerState: "processing" };

/** Every stage with an outcome of each kind that a told transition can have. */
const STAGES: [string, string, (delivery: number | null) => ReturnType<typeof archived>][] = [
  ["submit", "advance", (delivery) => submitted(aStanding({ delivery }))],
  ["submit", "give-up", (delivery) => submitted(aStanding({ phase: "unconfirmed", delivery }))],
  ["poll", "give-up", (delivery) => polled(failed, aStanding({ phase: "failed", delivery }))],
  ["poll", "wait", (delivery) => polled(running, aStanding({ result: "running", wake: 3, delivery }))],
  ["archive", "advance", (delivery) => archived(aStanding({ phase: "completed", delivery }))],
];

test.each(STAGES)(
  "%s with outcome %s wakes the notify stage when its script wrote a delivery",
  async (stage, kind, run) => {
    const told = await run(7);
    expect(told.kind).toBe(kind);
    const videoId = stage === "submit" ? "vid_b" : "vid_a";
    expect(told.next?.filter((wakeUp) => wakeUp.stage === "notify")).toEqual([
      { stage: "notify", videoId, rev: 7, delivery: 7, delayMs: 0, about: expect.anything() },
    ]);
    const untold = await run(null);
    expect(untold.next ?? []).toEqual((told.next ?? []).filter((wakeUp) => wakeUp.stage !== "notify"));
  },
);
