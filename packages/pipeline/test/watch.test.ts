import { expect, test } from "vitest";
import { Failure, watch, type PollPorts, type Provider, type VideoRecord } from "../src/index.ts";
import {
  anAttempt,
  aReading,
  aStanding,
  JOB,
  POLL_SETTINGS,
  scriptedProvider,
  scriptedRecords,
} from "./stage-material.ts";

async function run(
  record: Partial<VideoRecord>,
  statusTask: Provider["statusTask"],
  standing = aStanding({ result: "watched" }),
) {
  const records = scriptedRecords(aReading(record), standing);
  const asked: string[] = [];
  const ports: PollPorts = {
    records,
    provider: () =>
      scriptedProvider({
        statusTask: (taskId, options) => (asked.push(taskId), statusTask(taskId, options)),
      }),
    settings: POLL_SETTINGS,
    random: () => 0.5,
  };
  return { outcome: await watch({ ...JOB, errand: "watch" }, ports), facts: records.facts, asked };
}

const running: Provider["statusTask"] = () =>
  Promise.resolve({ state: "running", providerState: "processing" });
const failed = new Failure({ kind: "unavailable", class: "provider_fault", code: "c", message: "m" });
const UNCONFIRMED = {
  phase: "unconfirmed",
  current: 0,
  attempts: [anAttempt({ state: "unknown", taskId: null })],
  adoption: { taskId: "task-9", by: "anna" },
} satisfies Partial<VideoRecord>;

test("an extra charge is looked at, the task that the video follows is not", async () => {
  const attempts = [anAttempt({ taskId: "old" }), anAttempt({ number: 2, taskId: "new" })];
  const { asked, facts } = await run({ attempts, current: 2 }, running);
  expect(asked).toEqual(["old"]);
  expect(facts).toMatchObject([{ report: "running" }]);
});

test("after the video's end its extra charges are looked at still", async () => {
  const attempts = [anAttempt({ taskId: "old" }), anAttempt({ number: 2, taskId: "new", state: "ended_ok" })];
  const { asked } = await run({ attempts, current: 2, phase: "completed" }, running);
  expect(asked).toEqual(["old"]);
});

test("a task that a person named is bound once the provider knows it, and its poll is woken", async () => {
  const standing = aStanding({ result: "adopted", phase: "generating", wake: 9 });
  const { outcome, facts } = await run(UNCONFIRMED, running, standing);
  expect(facts).toEqual([{ adopted: ["vid_a", "task-9", "anna"] }]);
  expect(outcome).toMatchObject({ kind: "advance", next: [{ stage: "poll", rev: 9, delayMs: 0 }] });
});

test("a task that the provider does not know is not bound", async () => {
  const { outcome, facts } = await run(UNCONFIRMED, () =>
    Promise.resolve({ state: "unknown", providerState: "" }),
  );
  expect(facts).toEqual([{ refused: ["vid_a", "task-9", "the provider does not know this task"] }]);
  expect(outcome).toMatchObject({ kind: "advance", next: [] });
});

test("while the provider cannot be asked nothing is decided", async () => {
  const { outcome, facts } = await run(UNCONFIRMED, () => Promise.reject(failed));
  expect(facts).toEqual([]);
  expect(outcome).toMatchObject({ kind: "wait" });
});
