import { expect, test } from "vitest";
import type { Attempt, VideoRecord } from "@rushes/pipeline";
import { chargesAfterRelease, offeredVerbs } from "./offered-verbs.ts";

const attempt = (state: Attempt["state"]): Attempt => ({ state }) as Attempt;
const record = (phase: VideoRecord["phase"], ...states: Attempt["state"][]): VideoRecord =>
  ({ phase, attempts: states.map(attempt), current: states.length, maxCharges: 1 }) as unknown as VideoRecord;

test.each([
  [record("queued"), ["cancel"]],
  [record("queued", "unknown"), ["adopt", "cancel"]],
  [record("submitting", "open"), []],
  [record("unconfirmed", "unknown"), ["adopt", "release", "write-off"]],
  [record("generating", "accepted"), ["poll"]],
  [record("archiving", "ended_ok"), []],
  [record("completed", "ended_ok"), ["rearchive", "order-again"]],
  [record("failed", "result_gone"), ["rearchive", "order-again"]],
  [record("failed", "unknown"), ["adopt", "order-again"]],
  [record("cancelled"), ["order-again"]],
])("%o", (of, verbs) => {
  expect(offeredVerbs(of)).toEqual(verbs);
});

test("a video that was charged as often as may ever be is not released again", () => {
  const ten = Array.from({ length: 10 }, () => "unknown" as const);
  expect(offeredVerbs(record("unconfirmed", ...ten))).toEqual(["adopt", "write-off"]);
});

test("a release allows one charge more than there were, and never fewer than were allowed", () => {
  expect(chargesAfterRelease(record("unconfirmed", "refused", "unknown"))).toBe(2);
  expect(chargesAfterRelease({ ...record("unconfirmed", "unknown"), maxCharges: 5 })).toBe(5);
});
