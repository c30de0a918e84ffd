import { expect, test } from "vitest";
import { createRandom } from "./seeded-random.ts";

const draws = (seed: number): number[] => Array.from({ length: 1_000 }, createRandom(seed));

test("a seed repeats its numbers, and another seed has others", () => {
  expect(draws(1)).toEqual(draws(1));
  expect(draws(1)).not.toEqual(draws(2));
  expect(draws(1)).not.toEqual(draws(-1));
});

test("the numbers are from 0 up to, but not, 1, and spread evenly", () => {
  const all = draws(7);
  expect(all.every((number) => number >= 0 && number < 1)).toBe(true);
  for (const tenth of Array.from({ length: 10 }, (_, index) => index / 10)) {
    expect(all.filter((number) => number >= tenth && number < tenth + 0.1).length).toBeGreaterThan(60);
  }
});
