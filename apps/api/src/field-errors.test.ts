import { expect, test } from "vitest";
import { fieldName } from "./field-errors.ts";

test.each([
  [[], "body"],
  [["input"], "input"],
  [["input", "prompt"], "input.prompt"],
  [["input", "image_urls", 1], "input.image_urls[1]"],
  [[0, "input"], "[0].input"],
  [["a.b", ""], "a.b."],
])("%j is called %s", (path, name) => {
  expect(fieldName(path)).toBe(name);
});

test("a long name is cut, and never in the middle of a character", () => {
  const name = fieldName([`${"n".repeat(99)}🎬`, "x"]);
  expect(name).toBe(`${"n".repeat(99)}\ufffd….x`);
  expect(name.isWellFormed()).toBe(true);
});
