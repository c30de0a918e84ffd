import { expect, test } from "vitest";
import { placeAfterLogin } from "./place-after-login.ts";

test("a page of ours is kept, query included", () => {
  expect(placeAfterLogin("/queues/queue/submit?status=failed&page=2")).toBe(
    "/queues/queue/submit?status=failed&page=2",
  );
});

test.each([
  undefined,
  "",
  "queues",
  "https://evil.example/",
  "//evil.example/",
  "/\\evil.example/",
  "/.//evil.example/",
  "/x/..//evil.example",
  "/\t/evil.example",
  "javascript:alert(1)",
  "/login?next=/login",
  "/logout",
])("%j becomes the first page", (asked) => {
  expect(placeAfterLogin(asked)).toBe("/");
});
