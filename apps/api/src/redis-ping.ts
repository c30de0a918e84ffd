import type { Redis } from "ioredis";

/**
 * Whether Redis answers a PING in time. While it is loading its data it answers with an error, and while it is frozen it
 * says nothing.
 */
export async function redisAnswers(redis: Pick<Redis, "ping">, withinMs: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), withinMs);
  try {
    return await Promise.race([redis.ping().then((answer) => answer === "PONG"), late.promise]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
