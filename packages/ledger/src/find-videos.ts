import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { readAll } from "./listing.ts";

/** Of a batch, whose one key stands for up to a thousand videos, so many are named. */
const MOST_FOUND = 100;

/**
 * The videos that a text names: by its own id, by the id of one of its tasks, or by an idempotency key of any caller.
 * Exact, and a handful of commands however many videos there are.
 */
export async function findVideos(redis: Redis, prefix: string, text: string): Promise<string[]> {
  const owners = await redis.smembers(`${prefix}:owners`);
  const keyHash = createHash("sha256").update(text).digest("hex");
  const asking = redis.pipeline().exists(`${prefix}:video:${text}`).get(`${prefix}:task:${text}`);
  for (const owner of owners) asking.hmget(`${prefix}:idempotency:${owner}:${keyHash}`, "id", "ids");
  const [isVideo, attempt, ...keys] = await readAll<unknown>(asking);
  const found = new Set<string>();
  if (isVideo === 1) found.add(text);
  // `<video>#<attempt>`
  if (typeof attempt === "string") found.add(attempt.slice(0, attempt.lastIndexOf("#")));
  for (const [id, ids] of keys as (string | null)[][]) {
    for (const videoId of ids ? ids.split(" ") : id ? [id] : []) found.add(videoId);
  }
  return [...found].slice(0, MOST_FOUND);
}
