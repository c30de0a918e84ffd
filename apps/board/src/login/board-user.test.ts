import { expect, test } from "vitest";
import { formatBoardUser, parseBoardUser } from "./board-user.ts";

const HASH = `scrypt.16384.8.1.${"A".repeat(22)}.${"A".repeat(43)}`;

test("an entry gives a name, a role and a hash, and can be written again", () => {
  const user = parseBoardUser(`ada.l@example-1:admin:${HASH}`);

  expect(user).toMatchObject({ name: "ada.l@example-1", role: "admin" });
  expect(user && formatBoardUser(user)).toBe(`ada.l@example-1:admin:${HASH}`);
});

test.each([
  ["an unknown role", `ada:root:${HASH}`],
  ["no role", `ada:${HASH}`],
  ["a plain password", "ada:admin:open sesame"],
  ["no name", `:admin:${HASH}`],
  ["a name with a space", `ada l:admin:${HASH}`],
  ["a name that would end a cookie", `ada;x:admin:${HASH}`],
  ["a name that is too long", `${"a".repeat(65)}:admin:${HASH}`],
  ["something after the hash", `ada:admin:${HASH}:x`],
])("%s is refused", (_what, entry) => {
  expect(parseBoardUser(entry)).toBeUndefined();
});
