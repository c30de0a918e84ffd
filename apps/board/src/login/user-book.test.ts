import { expect, test } from "vitest";
import type { BoardUser } from "./board-user.ts";
import { hashPassword } from "./password-hash.ts";
import { createUserBook } from "./user-book.ts";

const ADA: BoardUser = {
  name: "ada",
  role: "admin",
  passwordHash: await hashPassword("the password of ada", { n: 2 ** 14, r: 8, p: 1 }),
};

test("a user is found by the right name and password only", async () => {
  const book = createUserBook([ADA]);

  expect(await book.check("ada", "the password of ada")).toBe(ADA);
  expect(await book.check("ada", "the password of bob")).toBeNull();
  expect(await book.check("bob", "the password of ada")).toBeNull();
  expect(await book.check("Ada", "the password of ada")).toBeNull();
  expect(await book.check("__proto__", "")).toBeNull();
});

test("a book without users lets nobody in", async () => {
  const book = createUserBook([]);

  expect(await book.check("", "")).toBeNull();
  expect(book.find("ada")).toBeNull();
});
