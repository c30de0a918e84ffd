import { expect, test } from "vitest";
import { formatPasswordHash, hashPassword, isPasswordOf, parsePasswordHash } from "./password-hash.ts";

const COST = { n: 2 ** 14, r: 8, p: 1 };
const SALT = "A".repeat(22);
const DIGEST = "B".repeat(42) + "A";

test("a hash knows its password after it was written down and read again", async () => {
  const hash = parsePasswordHash(formatPasswordHash(await hashPassword("open sesame, please", COST)));

  expect(hash).toBeDefined();
  if (!hash) return;
  expect(await isPasswordOf(hash, "open sesame, please")).toBe(true);
  expect(await isPasswordOf(hash, "open sesame, pleas")).toBe(false);
  expect(await isPasswordOf(hash, "")).toBe(false);
});

test("two hashes of one password differ", async () => {
  const [one, other] = [await hashPassword("the same", COST), await hashPassword("the same", COST)];

  expect(one.salt.equals(other.salt)).toBe(false);
  expect(one.digest.equals(other.digest)).toBe(false);
});

test("a password typed as other code points for the same letters is the same password", async () => {
  const hash = await hashPassword("se\u0301same", COST);

  expect(await isPasswordOf(hash, "s\u00e9same")).toBe(true);
});

test("the written form holds nothing that a shell or a compose file would replace", async () => {
  expect(formatPasswordHash(await hashPassword("x", COST))).toMatch(/^[\w.-]+$/);
});

test.each([
  ["the form of other programs", `$scrypt$ln=15,r=8,p=3$${SALT}$${DIGEST}`],
  ["a plain password", "open sesame"],
  ["too little work", `scrypt.8192.8.1.${SALT}.${DIGEST}`],
  ["an N that is no power of two", `scrypt.20000.8.1.${SALT}.${DIGEST}`],
  ["blocks that are too small", `scrypt.16384.1.1.${SALT}.${DIGEST}`],
  ["no pass at all", `scrypt.16384.8.0.${SALT}.${DIGEST}`],
  ["more memory than a login may take", `scrypt.1048576.8.1.${SALT}.${DIGEST}`],
  ["more passes than a login may take", `scrypt.16384.8.17.${SALT}.${DIGEST}`],
  ["a short salt", `scrypt.16384.8.1.${SALT.slice(1)}.${DIGEST}`],
  ["a short digest", `scrypt.16384.8.1.${SALT}.${DIGEST.slice(1)}`],
  ["something after it", `scrypt.16384.8.1.${SALT}.${DIGEST}.x`],
])("%s is refused", (_what, text) => {
  expect(parsePasswordHash(text)).toBeUndefined();
});

test("the strongest allowed cost is taken", () => {
  expect(parsePasswordHash(`scrypt.262144.8.16.${SALT}.${DIGEST}`)?.cost).toEqual({
    n: 262_144,
    r: 8,
    p: 16,
  });
});
