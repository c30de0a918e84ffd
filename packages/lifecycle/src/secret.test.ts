import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Secret } from "./secret.ts";

const secret = new Secret("sk-canary-1234");

test("a secret is given out by reveal only", () => {
  expect(secret.reveal()).toBe("sk-canary-1234");
});

test("a secret prints as [secret] wherever a value can be turned into text", () => {
  const texts = [
    String(secret),
    "".concat(secret as never),

    JSON.stringify({ nested: [secret] }),
    inspect({ nested: { secret } }, { depth: 9, showHidden: true }),
    Object.entries(secret).join(),
    JSON.stringify(Object.getOwnPropertyDescriptors(secret)),
  ];
  expect(texts.slice(0, 3)).toEqual(["[secret]", "[secret]", '{"nested":["[secret]"]}']);
  expect(texts.join("\n")).not.toContain("canary");
});
