import { expect, test } from "vitest";
import { isNestedDeeper } from "./json-depth.ts";

const nested = (levels: number): unknown =>
  JSON.parse(`${'{"a":['.repeat(levels / 2)}1${"]}".repeat(levels / 2)}`);

test.each([
  [1, 0, false],
  [null, 0, false],
  ["text", 0, false],
  [{}, 0, true],
  [[], 1, false],
  [{ a: 1, b: [] }, 1, true],
  [{ a: 1, b: [] }, 2, false],
  [nested(32), 31, true],
  [nested(32), 32, false],
])("%j against %i levels: %s", (value, most, isDeeper) => {
  expect(isNestedDeeper(value, most)).toBe(isDeeper);
});

test("what would overflow the stack of others does not overflow ours", () => {
  expect(isNestedDeeper(nested(100_000), 99_999)).toBe(true);
});
