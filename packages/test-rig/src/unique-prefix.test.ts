import { expect, test } from "vitest";
import { uniquePrefix } from "./unique-prefix.ts";

test("a prefix is one hash tag that names its test and never comes twice", () => {
  expect(uniquePrefix("poll")).toMatch(/^\{rushes-test-poll-[0-9a-f]{12}\}$/);
  expect(uniquePrefix("a:b {c}")).toMatch(/^\{rushes-test-a-b-c-+[0-9a-f]{12}\}$/);
  expect(uniquePrefix("poll")).not.toBe(uniquePrefix("poll"));
});
