import { describe, expect, test } from "vitest";
import { etaSeconds, type AccountPace, type EndedVideo } from "./eta.ts";
import { orderSchema, type Order } from "./order.ts";

const NOW_MS = 10_000_000;

function anOrder(extra: object = {}): Order {
  return orderSchema.parse({
    input: { mode: "master-text-to-video", prompt: "a lake", duration: 5 },
    ...extra,
  });
}

/** A completed video of the order's kind that ended so long ago: 80 s at the provider, 4 s to store. */
function ended(agoMs: number, changes: Partial<EndedVideo> = {}): EndedVideo {
  const taskEndedMs = NOW_MS - agoMs - 4_000;
  return {
    mode: "master-text-to-video",
    duration: 5,
    submittedMs: taskEndedMs - 80_000,
    taskEndedMs,
    completedMs: taskEndedMs + 4_000,
    ...changes,
  };
}

const account = (changes: Partial<AccountPace> = {}): AccountPace => ({
  places: null,
  placesTaken: 0,
  perMinute: null,
  ...changes,
});
const eta = (queueAhead: number, accounts: AccountPace[], past: EndedVideo[], order = anOrder()) =>
  etaSeconds(order, queueAhead, { nowMs: NOW_MS, accounts, ended: past });

describe("nothing is guessed:", () => {
  test.each([
    ["no such video has been completed", eta(0, [account()], [])],
    ["only other lengths have", eta(0, [account()], [ended(0, { duration: 10 })])],
    ["only other modes have", eta(0, [account()], [ended(0, { mode: "pro-image-to-video" })])],
    ["all that ended have failed", eta(0, [account()], [ended(0, { completedMs: null })])],
    ["no account is open", eta(0, [], [ended(0)])],
    ["others wait, no limit is known, and nothing has ended lately", eta(1, [account()], [ended(700_000)])],
  ])("where %s the answer is null", (_, answer) => expect(answer).toBeNull());
});

test("with nobody ahead and a free place it is the median of what such videos took", () => {
  const past = [
    ended(0),
    ended(0, { submittedMs: NOW_MS - 200_000 }),
    ended(0, { submittedMs: NOW_MS - 94_000 }),
  ];
  expect(eta(0, [account()], past)).toBe(94);
  expect(eta(0, [account({ places: 2, placesTaken: 1 })], past)).toBe(94);
});

test("a delay that was asked for counts where it is longer than the wait", () => {
  expect(eta(0, [account()], [ended(0)], anOrder({ delay_s: 30 }))).toBe(30 + 84);
});

describe("the wait in line", () => {
  test("is what the known places allow: each is free again after one task", () => {
    // Four places of 80 s each: one start every 20 s; all taken, nine ahead.
    expect(eta(9, [account({ places: 4, placesTaken: 4 })], [ended(0)])).toBe(10 * 20 + 84);
    expect(eta(9, [account({ places: 4, placesTaken: 1 })], [ended(0)])).toBe(7 * 20 + 84);
  });

  test("is what the known rate allows, where that is slower", () => {
    expect(eta(5, [account({ places: 100, placesTaken: 100, perMinute: 6 })], [ended(0)])).toBe(60 + 84);
    expect(eta(5, [account({ perMinute: 6 })], [ended(0)])).toBe(60 + 84);
  });

  test("is shared by all open accounts", () => {
    const one = account({ places: 4, placesTaken: 4 });
    expect(eta(9, [one, one], [ended(0)])).toBe(100 + 84);
  });

  test("is the pace at which tasks ended lately, where limits are not known", () => {
    // Sixty in the last ten minutes, and an older one that shows that the list reaches back that far.
    const past = Array.from({ length: 60 }, (_, index) => ended(index * 9_000)).concat(ended(900_000));
    expect(eta(5, [account()], past)).toBe(60 + 84);
  });

  test("is reckoned from what the list covers, where that is less than ten minutes", () => {
    const past = Array.from({ length: 100 }, (_, index) => ended((index + 1) * 1_000 - 4_000));
    expect(eta(49, [account()], past)).toBe(50 + 84);
  });

  test("is not known where places are but no task has ended", () => {
    expect(eta(5, [account({ places: 1, placesTaken: 1, perMinute: 600 })], [])).toBeNull();
  });
});
