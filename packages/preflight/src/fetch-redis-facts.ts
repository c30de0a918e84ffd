import type { Redis } from "ioredis";
import { parseInfo, readFacts, sharpest, type ClockReading, type RedisFacts } from "./redis-facts.ts";

/** The commands that are used: reading ones only. */
export type RedisToAsk = Pick<Redis, "info" | "config" | "time">;

/**
 * Asks a Redis about itself, and reads its clock three times.
 *
 * @param wallClockMs this machine's clock
 * @throws when Redis does not answer. What it answers with a refusal (a managed service that closes CONFIG) is a fact.
 */
export async function fetchRedisFacts(redis: RedisToAsk, wallClockMs: () => number): Promise<RedisFacts> {
  const info = (await unlessForbidden(() => redis.info())) ?? "";
  const pairs = await unlessForbidden(() => redis.config("GET", "*append*"));
  const clock = sharpest([
    await readClock(redis, wallClockMs),
    await readClock(redis, wallClockMs),
    await readClock(redis, wallClockMs),
  ]);
  return readFacts(parseInfo(info), pairs === null ? null : fieldsOf(pairs), clock);
}

async function readClock(redis: RedisToAsk, wallClockMs: () => number): Promise<ClockReading> {
  const askedMs = wallClockMs();
  const startedMs = performance.now();
  const [seconds, micros] = await redis.time();
  const roundTripMs = performance.now() - startedMs;
  const redisMs = Number(seconds) * 1000 + Number(micros) / 1000;
  return {
    aheadMs: Math.round(askedMs + roundTripMs / 2 - redisMs),
    uncertainMs: Math.ceil(roundTripMs / 2),
  };
}

/** Null for what this user may not ask, or this server does not know. */
async function unlessForbidden<Answer>(ask: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await ask();
  } catch (error) {
    const isForbidden =
      error instanceof Error && error.name === "ReplyError" && /^NOPERM|^ERR unknown/i.test(error.message);
    if (isForbidden) return null;
    throw error;
  }
}

/** A flat list of names and values. */
function fieldsOf(pairs: unknown): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  if (!Array.isArray(pairs)) return fields;
  for (let i = 0; i + 1 < pairs.length; i += 2) fields.set(String(pairs[i]), String(pairs[i + 1]));
  return fields;
}
