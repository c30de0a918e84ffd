import { describe, expect, test } from "vitest";
import {
  Failure,
  rearchive,
  type Manifest,
  type RearchiveFact,
  type RearchivePorts,
  type ResultFile,
  type StoredFile,
  type TaskReport,
  type VideoRecord,
} from "../src/index.ts";
import { anAttempt, aReading, aStanding, JOB, scriptedProvider, scriptedRecords } from "./stage-material.ts";

const FRESH = ["https://files.example/fresh-a.mp4", "https://files.example/fresh-b.mp4"];
const SUCCEEDED: TaskReport = { state: "succeeded", resultUrls: FRESH };

const aFile = (name: string, sha256 = "ab"): StoredFile => ({
  ...{ url: `s3://bucket/${name}`, bucket: "bucket", key: name, bytes: 10, sha256 },
  content_type: "video/mp4",
});
const OUTPUT = [aFile("a.mp4"), aFile("b.mp4")];
const failure = (code: string, more: object = {}): Failure =>
  new Failure({ kind: "unavailable", class: "archive", code, message: `it is ${code}`, ...more });

async function run(options: {
  record?: Partial<VideoRecord>;
  /** By key; the same unless named. */
  compared?: Record<string, "missing" | "different" | Failure>;
  report?: TaskReport | Failure;
  store?: (file: ResultFile | Manifest) => Promise<StoredFile>;
  result?: string;
  signal?: AbortSignal;
}) {
  const reading = aReading({
    phase: "completed",
    attempts: [anAttempt({ state: "ended_ok", account: "spare", endedMs: 80_000 })],
    output: OUTPUT,
    manifest: aFile("a.json"),
    rearchive: { by: "ops", tries: 0 },
    ...options.record,
  });
  const records = scriptedRecords(
    reading,
    aStanding({ result: options.result ?? "stored", phase: "completed" }),
  );
  const asked: string[] = [];
  const alerts: string[] = [];
  const ports: RearchivePorts = {
    records,
    provider: (account) =>
      scriptedProvider({
        statusTask(taskId) {
          asked.push(`${taskId} at ${account}`);
          const { report = SUCCEEDED } = options;
          return report instanceof Failure ? Promise.reject(report) : Promise.resolve(report);
        },
      }),
    compare({ key }) {
      const found = options.compared?.[key];
      return found instanceof Failure ? Promise.reject(found) : Promise.resolve(found ?? "same");
    },
    store(file) {
      asked.push("url" in file ? `copy ${file.index} ${file.url}` : "manifest");
      if (options.store) return options.store(file);
      return Promise.resolve("url" in file ? (OUTPUT[file.index] ?? aFile("c.mp4")) : aFile("a.json"));
    },
    alert: (message) => void alerts.push(message),
    settings: { retryMinMs: 1_000, retryMaxMs: 60_000 },
    random: () => 1,
  };
  const outcome = await rearchive(
    { ...JOB, errand: "rearchive", signal: options.signal ?? JOB.signal },
    ports,
  );
  return { outcome, facts: records.facts as RearchiveFact[], asked, alerts };
}

describe("files that a person wants again", () => {
  test("and that are whole are left alone: the provider is not asked, the manifest is looked after", async () => {
    const { facts, asked, outcome } = await run({});
    expect(asked).toEqual(["manifest"]);
    expect(facts).toEqual([{ result: "stored", output: OUTPUT, manifest: aFile("a.json") }]);
    expect(outcome.kind).toBe("advance");
  });

  test("are fetched where they are lost or damaged, by fresh URLs of the account that submitted", async () => {
    for (const found of ["missing", "different"] as const) {
      const { facts, asked } = await run({ compared: { "b.mp4": found } });
      expect(asked).toEqual(["task-1 at spare", `copy 1 ${FRESH[1]}`, "manifest"]);
      expect(facts).toMatchObject([{ result: "stored", output: OUTPUT }]);
    }
  });

  test("of a video that failed because its result had expired are all fetched", async () => {
    const attempts = [anAttempt({ state: "result_gone" })];
    const { facts, asked } = await run({ record: { phase: "failed", output: [], manifest: null, attempts } });
    expect(asked).toEqual(["task-1 at main", `copy 0 ${FRESH[0]}`, `copy 1 ${FRESH[1]}`, "manifest"]);
    expect(facts).toMatchObject([{ result: "stored", output: OUTPUT }]);
  });

  test("and have other bytes at the provider now are stored all the same, with an alert", async () => {
    const { facts, alerts } = await run({
      compared: { "a.mp4": "missing" },
      store: (file) => Promise.resolve("url" in file ? aFile("a.mp4", "cd") : aFile("a.json")),
    });
    expect(facts).toMatchObject([{ result: "stored", output: [{ sha256: "cd" }, { sha256: "ab" }] }]);
    expect(alerts).toHaveLength(1);
  });
});

describe("it is refused, and the record stays as it was,", () => {
  const lost = { compared: { "a.mp4": "missing" } } as const;

  test.each<[string, Parameters<typeof run>[0]]>([
    [
      "when the provider does not know the task any more",
      { report: { state: "unknown", providerState: "" } },
    ],
    ["when the provider names no file", { report: { state: "succeeded", resultUrls: [] } }],
    [
      "when it names fewer than there were",
      { report: { state: "succeeded", resultUrls: ["https://x.example/"] } },
    ],
    [
      "when the host has it no more",
      { store: () => Promise.reject(failure("result_unreachable", { httpStatus: 404 })) },
    ],
    [
      "when the bucket needs a person",
      { store: () => Promise.reject(failure("bucket_misconfigured", { kind: "misconfigured" })) },
    ],
    [
      "when it was tried often enough",
      { record: { rearchive: { by: "ops", tries: 5 } }, report: failure("provider_away") },
    ],
    ["when the video moved on meanwhile", { record: { phase: "generating" } }],
  ])("%s", async (_, options) => {
    const { facts, outcome } = await run({ ...lost, ...options, result: "refused" });
    expect(facts).toMatchObject([{ result: "refused", why: expect.any(String) as string }]);
    expect(outcome).toMatchObject({ kind: "advance" });
  });
});

test("what passes is waited for: provider, host or bucket away", async () => {
  const lost = { compared: { "a.mp4": "missing" } } as const;
  for (const options of [
    { ...lost, report: failure("provider_away") },
    { ...lost, store: () => Promise.reject(failure("result_unreachable", { httpStatus: 503 })) },
    { compared: { "a.mp4": failure("bucket_unavailable") } },
  ]) {
    const { facts, outcome } = await run({ ...options, result: "again" });
    expect(facts).toEqual([{ result: "again" }]);
    expect(outcome).toMatchObject({ kind: "wait", delayMs: 1_000 });
  }
});

test("a job that nobody asked for, or that is stopped, records nothing", async () => {
  expect((await run({ record: { rearchive: null } })).facts).toEqual([]);
  const stopped = await run({
    compared: { "a.mp4": "missing" },
    report: failure("provider_away"),
    signal: AbortSignal.abort(),
  });
  expect(stopped.facts).toEqual([]);
  expect(stopped.outcome).toMatchObject({ kind: "wait" });
});
