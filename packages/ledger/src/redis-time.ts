import type { Redis } from "ioredis";

/** Redis' own clock, milliseconds. */
export async function readTime(redis: Redis): Promise<number> {
  return milliseconds(await redis.time());
}

/** Redis tells the time as seconds and the microseconds within. */
export function milliseconds([seconds, micros]: readonly (string | number)[]): number {
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
