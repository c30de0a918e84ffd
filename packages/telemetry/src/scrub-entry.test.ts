import { expect, test } from "vitest";
import { scrubEntry } from "./scrub-entry.ts";

test("what stands under a credential's name is masked whole, in any spelling", () => {
  const names = [
    "Authorization",
    "X-API-Key",
    "apiKey",
    "attempt_secret",
    "Set-Cookie",
    "auth",
    "AWS_ACCESS_KEY_ID",
  ];
  const entry = Object.fromEntries(names.map((name) => [name, { nested: ["abc"], count: 1 }]));
  expect(scrubEntry(entry, [])).toEqual(Object.fromEntries(names.map((name) => [name, "[secret]"])));
});

test("that there is no credential, or whether there is one, may be told", () => {
  expect(scrubEntry({ token: null, hasToken: true, author: "Ann", passes: 3 }, [])).toEqual({
    token: null,
    hasToken: true,
    author: "Ann",
    passes: 3,
  });
});

test("depth and width are bounded, and the rest is counted", () => {
  const deep: unknown = JSON.parse(`${'{"a":'.repeat(20)}1${"}".repeat(20)}`);
  expect(JSON.stringify(scrubEntry(deep, []))).toBe(`${'{"a":'.repeat(8)}"[deeper]"${"}".repeat(8)}`);

  const list = scrubEntry(Array.from({ length: 100 }).fill(7), []);
  expect(list).toHaveLength(61);
  expect(list).toMatchObject({ 60: "[40 more]" });

  const wide = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`n${index}`, index]));
  expect(scrubEntry(wide, [])).toMatchObject({ n59: 59, more: "[40 more]" });
  expect(scrubEntry(wide, [])).not.toHaveProperty("n60");
});

test("a long text is cut, and a secret that the cut goes through is not half printed", () => {
  const secret = "canary-canary-canary";
  // Every place near both edges: the end of what is kept and the end of what is read.
  for (const edge of [8192, 8192 + 4096]) {
    for (let start = edge - 25; start <= edge + 1; start += 1) {
      const text = `${"x".repeat(start)}${secret}${"y".repeat(9000)}`;
      const scrubbed = String(scrubEntry(text, [secret]));
      expect([start, scrubbed.includes("canar")]).toEqual([start, false]);
      expect(scrubbed).toMatch(/… \[cut, \d+ characters in all\]$/);
    }
  }
});
