import { describe, expect, test } from "vitest";
import {
  Failure,
  submit,
  type AccountVerdict,
  type Claim,
  type FailureDetails,
  type SubmitFact,
  type SubmitPorts,
} from "../src/index.ts";
import { aStanding, JOB, ORDER, scriptedProvider, scriptedRecords } from "./stage-material.ts";

const CLAIM: Claim = {
  kind: "claimed",
  videoId: "vid_b",
  number: 2,
  secret: "secret",
  account: "main",
  order: ORDER,
  wake: 7,
  attempts: 2,
  strict: false,
  maySend: () => true,
};

async function run(options: {
  claim?: Claim;
  generateTask?: () => Promise<{ taskId: string }>;
  phase?: ReturnType<typeof aStanding>["phase"];
}) {
  const records = scriptedRecords(null, aStanding({ phase: options.phase ?? "generating", wake: 9 }));
  const verdicts: AccountVerdict[] = [];
  const order: string[] = [];
  const ports: SubmitPorts = {
    records: {
      ...records,
      learnAnswer: (...learned) => (order.push(learned[1].fact), records.learnAnswer(...learned)),
    },
    claim: () => Promise.resolve(options.claim ?? CLAIM),
    provider: () => scriptedProvider(options.generateTask ? { generateTask: options.generateTask } : {}),
    callbackUrl: () => undefined,
    noteAccount: (_, verdict) => {
      order.push(verdict.kind);
      return Promise.resolve(void verdicts.push(verdict));
    },
    settings: { pollFirstMs: 60_000, retryMinMs: 1_000, retryMaxMs: 60_000 },
    random: () => 1,
  };
  const outcome = await submit(JOB, ports);
  return { outcome, facts: records.facts, verdicts, order };
}

const failing = (details: Partial<FailureDetails>) => () =>
  Promise.reject(
    new Failure({
      kind: "unavailable",
      class: "unknown",
      code: "some_code",
      message: "as the test says",
      ...details,
    }),
  );

test("an accepted task is looked at 60 s later", async () => {
  const { outcome, facts, verdicts } = await run({
    generateTask: () => Promise.resolve({ taskId: "task-1" }),
  });
  expect(facts).toEqual([{ fact: "accepted", taskId: "task-1", firstLookMs: 60_000 }]);
  expect(verdicts).toEqual([{ kind: "open" }]);
  expect(outcome).toMatchObject({
    kind: "advance",
    next: [{ stage: "poll", videoId: "vid_b", rev: 9, delayMs: 60_000, about: { task: "task-1" } }],
  });
});

test("a turn with nobody in line ends, and one that is stopped while waiting comes again at once", async () => {
  expect((await run({ claim: { kind: "idle" } })).outcome).toMatchObject({ kind: "advance" });
  expect((await run({ claim: { kind: "stopped" } })).outcome).toMatchObject({ kind: "wait", delayMs: 0 });
});

describe("what a failed POST is learned as, and what it says of the account", () => {
  const table: [string, Partial<FailureDetails>, Partial<SubmitFact>, AccountVerdict[]][] = [
    [
      "a 429",
      { kind: "throttled", retryAfterMs: 9_000 },
      { fact: "refused_for_now", backoffMs: 0, retryAfterMs: 9_000 },
      [],
    ],
    [
      "the provider's own 5xx",
      { kind: "unavailable", requestLeft: true },
      { fact: "refused_for_now", backoffMs: 2_000 },
      [],
    ],
    [
      "a request that never left",
      { kind: "unavailable", requestLeft: false },
      { fact: "not_sent", backoffMs: 2_000 },
      [],
    ],
    [
      "a wrong key",
      { kind: "misconfigured", code: "key_invalid" },
      { fact: "refused_for_now", backoffMs: 2_000 },
      [{ kind: "close", code: "key_invalid", videoId: "vid_b" }],
    ],
    ["a refused prompt", { kind: "refused" }, { fact: "refused" }, []],
    ["a lost answer", { kind: "unconfirmed" }, { fact: "unknown" }, []],
  ];
  test.each(table)("%s", async (_, details, fact, verdicts) => {
    const ran = await run({ generateTask: failing(details), phase: "queued" });
    expect(ran.facts).toMatchObject([fact]);
    expect(ran.verdicts).toEqual(verdicts);
  });

  test("the account hears of a refusal before its place is free, and of an acceptance once it is stored", async () => {
    const rejected = await run({ generateTask: failing({ kind: "misconfigured" }), phase: "queued" });
    expect(rejected.order).toEqual(["close", "refused_for_now"]);
    const accepted = await run({ generateTask: () => Promise.resolve({ taskId: "task-1" }) });
    expect(accepted.order).toEqual(["accepted", "open"]);
  });

  test("an account whose 5xx was an acceptance before is not believed: unknown, unless nothing left", async () => {
    const claim = { ...CLAIM, strict: true };
    const answered = failing({ kind: "unavailable", requestLeft: true });
    const ran = await run({ claim, generateTask: answered, phase: "unconfirmed" });
    expect(ran.facts).toEqual([{ fact: "unknown" }]);
    const unsent = failing({ kind: "unavailable", requestLeft: false });
    const kept = await run({ claim, generateTask: unsent, phase: "queued" });
    expect(kept.facts).toMatchObject([{ fact: "not_sent" }]);
  });

  test("an error that is no Failure may have left: unknown", async () => {
    const { facts } = await run({
      generateTask: () => Promise.reject(new TypeError("a bug")),
      phase: "unconfirmed",
    });
    expect(facts).toEqual([{ fact: "unknown" }]);
  });
});

describe("what follows from where the record stands then", () => {
  test("queued: a turn for it after its backoff", async () => {
    const { outcome } = await run({ generateTask: failing({ kind: "unavailable" }), phase: "queued" });
    expect(outcome).toMatchObject({
      kind: "advance",
      next: [{ stage: "submit", videoId: "vid_b", rev: 9, delayMs: 2_000 }],
    });
  });

  test("unconfirmed and failed: given up, with the reason for whoever looks", async () => {
    expect(
      (await run({ generateTask: failing({ kind: "unconfirmed" }), phase: "unconfirmed" })).outcome,
    ).toMatchObject({ kind: "give-up" });
    const refused = await run({
      generateTask: failing({ kind: "refused", code: "content_policy" }),
      phase: "failed",
    });
    expect(refused.outcome).toMatchObject({ kind: "give-up" });
    expect(JSON.stringify(refused.outcome)).toContain("content_policy");
  });

  test("anything further on: nothing", async () => {
    for (const phase of ["archiving", "completed", "cancelled", "submitting"] as const) {
      const { outcome } = await run({ generateTask: () => Promise.resolve({ taskId: "t" }), phase });
      expect(outcome.kind).toBe("advance");
      expect(outcome).not.toHaveProperty("next");
    }
  });
});
