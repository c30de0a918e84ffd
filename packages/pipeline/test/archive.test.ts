import { describe, expect, test } from "vitest";
import {
  archive,
  Failure,
  manifestOf,
  type ArchiveFact,
  type ArchivePorts,
  type Manifest,
  type ResultFile,
  type StoredFile,
  type TaskReport,
} from "../src/index.ts";
import { anAttempt, aReading, aStanding, JOB, scriptedProvider, scriptedRecords } from "./stage-material.ts";

const URLS = ["https://files.example/a.mp4", "https://files.example/b.mp4"];
const ENDED_MS = 80_000;
const DAY_MS = 86_400_000;

const stored = (file: ResultFile | Manifest): StoredFile => {
  const key = `${file.videoId}${"url" in file ? `-${file.index}` : ".json"}`;
  const content_type = "url" in file ? "video/mp4" : "application/json";
  return { url: `s3://bucket/${key}`, bucket: "bucket", key, bytes: 10, sha256: "ab", content_type };
};
const FILE: ResultFile = {
  url: "https://files.example/a.mp4",
  videoId: "vid_a",
  taskId: "task-1",
  mode: "master-text-to-video",
  createdAtMs: 0,
  index: 0,
  count: 1,
};
const failing = (code: string) => (): Promise<StoredFile> =>
  Promise.reject(new Failure({ kind: "unavailable", class: "archive", code, message: "as the test says" }));

async function run(options: {
  store: (file: ResultFile | Manifest) => Promise<StoredFile>;
  ageMs?: number;
  report?: TaskReport | Failure;
  standing?: ReturnType<typeof aStanding>;
}) {
  const reading = aReading(
    {
      phase: "archiving",
      archivingMs: ENDED_MS,
      attempts: [anAttempt({ state: "ended_ok", resultUrls: URLS, endedMs: ENDED_MS })],
    },
    ENDED_MS + (options.ageMs ?? 0),
  );
  const records = scriptedRecords(
    reading,
    options.standing ?? aStanding({ result: "again", phase: "archiving", wake: 3 }),
  );
  const alerts: string[] = [];
  const { report } = options;
  const ports: ArchivePorts = {
    records,
    provider: () =>
      scriptedProvider(
        report
          ? {
              statusTask: () =>
                report instanceof Failure ? Promise.reject(report) : Promise.resolve(report),
            }
          : {},
      ),
    store: options.store,
    alert: (message) => void alerts.push(message),
    settings: { resultPlanMs: DAY_MS, resultLifeMs: 15 * DAY_MS, retryMinMs: 1_000, lateEveryMaxMs: 600_000 },
    random: () => 1,
  };
  const outcome = await archive(JOB, ports);
  return { outcome, facts: records.facts as ArchiveFact[], alerts };
}

test("every file of the task is stored, in order", async () => {
  const { outcome, facts } = await run({
    store: (file) => Promise.resolve(stored(file)),
    standing: aStanding({ phase: "completed" }),
  });
  expect(facts).toMatchObject([{ result: "stored", output: [{ key: "vid_a-0" }, { key: "vid_a-1" }] }]);
  expect(outcome.kind).toBe("advance");
});

describe("the manifest", () => {
  /** Every manifest that a run stores, and what is recorded. */
  async function manifestsOf(store: (file: ResultFile | Manifest) => Promise<StoredFile>) {
    const texts: string[] = [];
    const { facts, outcome } = await run({
      store: (file) => {
        if ("url" in file) return Promise.resolve(stored(file));
        texts.push(file.text);
        return store(file);
      },
      standing: aStanding({ phase: "completed" }),
    });
    return { texts, facts, outcome };
  }

  test("is stored last, names what was ordered, made and stored, and is recorded", async () => {
    const { texts, facts } = await manifestsOf((file) => Promise.resolve(stored(file)));
    expect(facts).toMatchObject([{ result: "stored", manifest: { key: "vid_a.json" } }]);
    expect(texts).toHaveLength(1);
    expect(JSON.parse(texts[0] ?? "")).toEqual({
      object: "manifest",
      version: 1,
      video: "vid_a",
      request: {
        model: "kling-2-1",
        input: expect.objectContaining({ prompt: "a drone over a city" }) as object,
        metadata: {},
      },
      task: { id: "task-1", account: "main" },
      times: { ordered_at: 0, accepted_at: 1, ended_at: 80 },
      cost_usd: 1,
      files: ["vid_a-0", "vid_a-1"].map((key) => ({
        ...{ key, bytes: 10, sha256: "ab", content_type: "video/mp4", media: null },
      })),
    });
  });

  test("is the same when it is made again later", async () => {
    const attempt = anAttempt({ state: "ended_ok", resultUrls: URLS, endedMs: ENDED_MS });
    const output = [{ ...stored({ ...FILE, index: 0 }) }];
    const first = manifestOf(aReading({ attempts: [attempt] }), { ...attempt, taskId: "task-1" }, output);
    const other = { ...attempt, resultUrls: ["https://files.example/fresh.mp4"] };
    const later = aReading(
      {
        phase: "completed",
        archivingMs: 5 * DAY_MS,
        completedMs: 6 * DAY_MS,
        archiveTries: 7,
        rev: 90,
        wake: 88,
        billedMicros: 9_000_000,
        // Another attempt may turn out to be a charge at any time.
        attempts: [other, anAttempt({ number: 2, state: "accepted" })],
      },
      7 * DAY_MS,
    );
    expect(manifestOf(later, { ...other, taskId: "task-1" }, output)).toEqual(first);
  });

  test("that cannot be stored keeps the video from being completed", async () => {
    const { facts, outcome } = await manifestsOf(failing("bucket_unavailable"));
    expect(facts).toMatchObject([{ result: "again", problem: { code: "bucket_unavailable" } }]);
    expect(facts).toHaveLength(1);
    expect(outcome.kind).not.toBe("give-up");
  });
});

describe("a copy that fails is tried again, never given up early, never generated again", () => {
  test("the host fails: fresh URLs are asked for and kept", async () => {
    const fresh = ["https://files.example/fresh.mp4"];
    const { outcome, facts } = await run({
      store: failing("result_unreachable"),
      report: { state: "succeeded", resultUrls: fresh },
    });
    expect(facts).toMatchObject([{ result: "again", againMs: 1_000, resultUrls: fresh }]);
    expect(outcome).toMatchObject({ kind: "wait", delayMs: 1_000 });
  });

  test("and when the provider cannot be asked, the old URLs stay", async () => {
    const silent = new Failure({ kind: "unavailable", class: "provider_fault", code: "x", message: "y" });
    const { facts } = await run({ store: failing("result_damaged"), report: silent });
    expect(facts[0]).toMatchObject({ result: "again" });
    expect(facts[0]).not.toHaveProperty("resultUrls");
  });

  test("the bucket fails: the provider is not asked, and no age gives up", async () => {
    const { facts, alerts } = await run({ store: failing("bucket_unavailable"), ageMs: 99 * DAY_MS });
    expect(facts).toMatchObject([{ result: "again" }]);
    expect(alerts).toHaveLength(1);
  });

  test("an alert from RESULT_PLAN_MS on, the end only after RESULT_LIFE_MS", async () => {
    const report: TaskReport = { state: "succeeded", resultUrls: URLS };
    const store = failing("result_unreachable");
    expect((await run({ store, report, ageMs: DAY_MS - 1 })).alerts).toEqual([]);
    const planned = await run({ store, report, ageMs: DAY_MS });
    expect(planned.alerts).toHaveLength(1);
    expect(planned.facts).toMatchObject([{ result: "again" }]);
    const over = await run({ store, report, ageMs: 15 * DAY_MS, standing: aStanding({ phase: "failed" }) });
    expect(over.facts).toMatchObject([{ result: "gone", problem: { code: "result_expired" } }]);
    expect(over.outcome).toMatchObject({ kind: "give-up" });
  });
});

test("when the result is gone and another charge has a task, that one is looked at", async () => {
  const { outcome } = await run({
    store: failing("result_unreachable"),
    report: { state: "succeeded", resultUrls: URLS },
    ageMs: 15 * DAY_MS,
    standing: aStanding({ phase: "generating" }),
  });
  expect(outcome).toMatchObject({ kind: "advance", next: [{ stage: "poll", rev: 4 }] });
});
