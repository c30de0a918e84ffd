import type { Redis, RedisOptions } from "ioredis";
import { GatheringRedis } from "./gathering-redis.ts";

/** A call of a producer must end: the caller of an HTTP route waits for it. */
const PRODUCER_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Between tries to reach a Redis that is away; short, for every try of a worker is cheap. */
const RECONNECT_MS = { first: 50, most: 2_000 };

const retryStrategy = (tries: number): number =>
  Math.min(RECONNECT_MS.first * 2 ** Math.min(tries, 10), RECONNECT_MS.most);

/**
 * For those who must answer somebody: nothing waits in a queue while Redis is away, and a command that Redis does not
 * answer in time is given up. Given up is not undone: a timed-out command may still have been applied, so
 * callers repeat with the same id or idempotency key (a frozen Redis was seen to apply an add after its time-out).
 *
 * Never throws when Redis is away: it keeps trying. The caller closes the connection with `disconnect()`.
 */
export function openProducerConnection(url: string, onProblem?: (error: Error) => void): Redis {
  return open(
    url,
    { maxRetriesPerRequest: 1, commandTimeout: PRODUCER_TIMEOUT_MS, enableOfflineQueue: false },
    onProblem,
  );
}

/** For workers: what was learned must be stored, so commands wait for as long as Redis is away. */
export function openWorkerConnection(url: string, onProblem?: (error: Error) => void): Redis {
  return open(url, { maxRetriesPerRequest: null }, onProblem);
}

function open(
  url: string,
  temperament: RedisOptions,
  onProblem: ((error: Error) => void) | undefined,
): Redis {
  const redis = new GatheringRedis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy,
    // A replica that was just demoted refuses writes: go and find the new primary.
    reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 2 : false),
    ...temperament,
  });
  // Without a listener ioredis prints to the console; the same problem many times is told once.
  let told = "";
  redis.on("error", (error: Error) => {
    if (error.message !== told) onProblem?.(error);
    told = error.message;
  });
  redis.on("ready", () => {
    told = "";
  });
  return redis;
}
