import { randomFillSync } from "node:crypto";
import { ulid } from "ulid";

/**
 * Randomness is drawn from the system in large pieces: an id takes sixteen small ones, and a call for each was a fifth of
 * what the api did under load.
 */
const pool = new Uint8Array(4_096);
let used = pool.length;

/** From 0 to less than 1, in 256 steps: ulid takes 5 bits of each. */
function random(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const byte = pool[used] ?? 0;
  used += 1;
  return byte / 256;
}

/** Sorts by time of making; 80 random bits make it unguessable. */
export function createVideoId(nowMs = Date.now()): string {
  return `vid_${ulid(nowMs, random).toLowerCase()}`;
}

/**
 * Ids of videos that are ordered together: of one moment, and in ascending order, so that a list shows them as they
 * were ordered. Each is as unguessable as a single one.
 */
export function createVideoIds(count: number): string[] {
  const nowMs = Date.now();
  return Array.from({ length: count }, () => createVideoId(nowMs)).toSorted();
}
