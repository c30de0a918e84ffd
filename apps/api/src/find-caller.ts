import { createHash, timingSafeEqual } from "node:crypto";
import type { Caller, CallerKey } from "./caller.ts";

/** RFC 6750: the scheme in any case, one or more spaces, then the key. */
const BEARER = /^bearer +([\x21-\x7e]+)$/i;

/**
 * The caller whose key an `Authorization` header carries; null when it carries none that is known. Hashes are
 * compared, so that lengths are equal, and always all of them, so that the time tells nothing of which one fits.
 */
export function findCaller(authorization: string | undefined, keys: readonly CallerKey[]): Caller | null {
  const key = BEARER.exec(authorization ?? "")?.[1];
  if (key === undefined) return null;
  const hash = createHash("sha256").update(key).digest();
  let found: CallerKey | null = null;
  for (const known of keys) {
    if (timingSafeEqual(known.keyHash, hash)) found = known;
  }
  return found === null ? null : { name: found.name, isAdmin: found.isAdmin };
}
