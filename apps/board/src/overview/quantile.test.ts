import { expect, test } from "vitest";
import { quantile } from "./quantile.ts";

test("is a value of the list, by nearest rank", () => {
  const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  expect([0, 0.5, 0.9, 0.99, 1].map((share) => quantile(ten, share))).toEqual([1, 5, 9, 10, 10]);
  expect(quantile([7], 0.5)).toBe(7);
});

test("of nothing there is none", () => {
  expect(quantile([], 0.5)).toBeNull();
});
