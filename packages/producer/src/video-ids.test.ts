import { expect, test } from "vitest";
import { createVideoId, createVideoIds } from "./video-ids.ts";

const SHAPE = /^vid_[0-9a-hjkmnp-tv-z]{26}$/;

test("ids are of the documented shape and none comes twice", () => {
  const ids = Array.from({ length: 5_000 }, () => createVideoId());
  for (const id of ids) expect(id).toMatch(SHAPE);
  expect(new Set(ids).size).toBe(ids.length);
});

test("every place behind the time takes every letter, about equally often", () => {
  const ids = Array.from({ length: 3_200 }, () => createVideoId());
  for (let place = "vid_".length + 10; place < "vid_".length + 26; place += 1) {
    const counts = new Map<string, number>();
    for (const id of ids) counts.set(id[place] ?? "", (counts.get(id[place] ?? "") ?? 0) + 1);
    expect(counts.size).toBe(32);
    // A hundred each on average; five deviations of the square root away is once in a million.
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(60);
  }
});

test("ids sort by their time, and those made together as they were made", () => {
  expect(createVideoId(1_000) < createVideoId(1_001)).toBe(true);
  const together = createVideoIds(1_000);
  expect(together).toEqual(together.toSorted());
  expect(new Set(together).size).toBe(1_000);
  for (const id of together) expect(id).toMatch(SHAPE);
});
