import { expect, test } from "vitest";
import { urlPasswords } from "./url-passwords.ts";

test.each([
  ["redis://:word@host:6379", ["word"]],
  ["rediss://user:a%2Fb@host/0", ["a%2Fb", "a/b"]],
  ["redis://:one@a:1, redis://:two@b:2,redis://c:3", ["one", "two"]],
  ["redis://:100%@host", ["100%"]],
  ["redis://host:6379", []],
  ["no address", []],
])("%s has %j", (addresses, passwords) => {
  expect(urlPasswords(addresses)).toEqual(passwords);
});
