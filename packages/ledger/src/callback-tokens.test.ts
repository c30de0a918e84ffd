import { expect, test } from "vitest";
import { createCallbackTokens } from "./callback-tokens.ts";

const ATTEMPT = { videoId: "vid_01abc", number: 2, secret: "5ec7e7", account: "default" };
const tokens = createCallbackTokens("a secret of this installation");

test("a token names the attempt it was made for, and fits in a path", () => {
  const token = tokens.make(ATTEMPT);
  expect(tokens.read(token)).toEqual(ATTEMPT);
  expect(encodeURIComponent(token)).toBe(token);
});

test("nothing else is believed", () => {
  const token = tokens.make(ATTEMPT);
  const [videoId, number, secret, account, signature] = token.split(".");
  const forged = [
    "",
    ".",
    "....",
    "x".repeat(10_000),
    token.slice(0, -1),
    `${token}A`,
    `x${token}`,
    token.toUpperCase(),
    [videoId, "3", secret, account, signature].join("."),
    ["vid_01abd", number, secret, account, signature].join("."),
    [videoId, number, "0ther5", account, signature].join("."),
    [videoId, number, secret, "other", signature].join("."),
    [videoId, number, secret, account, "", signature].join("."),
    [videoId, number, secret, account, ""].join("."),
    createCallbackTokens("another secret").make(ATTEMPT),
  ];
  expect(forged.map((one) => tokens.read(one))).toEqual(forged.map(() => null));
});
