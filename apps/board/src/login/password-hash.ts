import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** scrypt's cost parameters, by the names of RFC 7914. */
export type ScryptCost = { n: number; r: number; p: number };
export type PasswordHash = { cost: ScryptCost; salt: Buffer; digest: Buffer };

/**
 * As strong as OWASP's first choice (N=2^17, r=8, p=1; Password Storage Cheat Sheet) with a quarter of its memory,
 * 32 MiB, for several people may log in at once.
 */
export const DEFAULT_COST: ScryptCost = { n: 2 ** 15, r: 8, p: 3 };
/** What a hash from the environment may cost: less is guessed too fast, more would let a login take the machine. */
const LEAST_N = 2 ** 14;
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_P = 16;

const SALT_BYTES = 16;
const DIGEST_BYTES = 32;

/**
 * `scrypt.<N>.<r>.<p>.<salt>.<digest>`, the last two in base64url: 16 bytes and 32. No `$` as separator, as is the
 * custom elsewhere: compose files and shells take what follows one for a variable, and leave it out.
 */
const FORM = /^scrypt\.(\d{5,7})\.(\d{1,2})\.(\d{1,2})\.([\w-]{22})\.([\w-]{43})$/;

/** Answers undefined for a text that is no hash, or one that is too weak or too costly. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const match = FORM.exec(text);
  if (!match) return undefined;
  const cost = { n: Number(match[1]), r: Number(match[2]), p: Number(match[3]) };
  const salt = Buffer.from(match[4] ?? "", "base64url");
  const digest = Buffer.from(match[5] ?? "", "base64url");
  return isUsable(cost) ? { cost, salt, digest } : undefined;
}

export function formatPasswordHash({ cost, salt, digest }: PasswordHash): string {
  return `scrypt.${cost.n}.${cost.r}.${cost.p}.${salt.toString("base64url")}.${digest.toString("base64url")}`;
}

/** A new hash with a salt of its own. */
export async function hashPassword(password: string, cost: ScryptCost = DEFAULT_COST): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES);
  return { cost, salt, digest: await digestOf(password, salt, cost) };
}

/** Takes as long for a wrong password as for the right one. */
export async function isPasswordOf(hash: PasswordHash, password: string): Promise<boolean> {
  return timingSafeEqual(await digestOf(password, hash.salt, hash.cost), hash.digest);
}

/** A hash that no password has, as costly to check as a real one. */
export function unmatchableHash(cost: ScryptCost): PasswordHash {
  return { cost, salt: randomBytes(SALT_BYTES), digest: randomBytes(DIGEST_BYTES) };
}

function isUsable({ n, r, p }: ScryptCost): boolean {
  const isPowerOfTwo = Number.isInteger(Math.log2(n));
  return (
    isPowerOfTwo && n >= LEAST_N && r >= 8 && p >= 1 && p <= MOST_P && memoryBytes({ n, r }) <= MOST_BYTES
  );
}

/** From RFC 7914: one block of 128 r bytes for each of N. */
function memoryBytes({ n, r }: Pick<ScryptCost, "n" | "r">): number {
  return 128 * n * r;
}

async function digestOf(password: string, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
  // The same letters may be typed as different code points on two keyboards; NFKC makes them one.
  return await derive(password.normalize("NFKC"), salt, DIGEST_BYTES, {
    N: cost.n,
    r: cost.r,
    p: cost.p,
    maxmem: 2 * memoryBytes(cost),
  });
}
