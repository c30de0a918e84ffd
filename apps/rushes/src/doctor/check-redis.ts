import { fetchRedisFacts, judgeRedis, type Finding } from "@rushes/preflight";
import { Redis } from "ioredis";
import { checkDisk } from "./check-disk.ts";
import type { DoctorSettings } from "./settings.ts";

const TIMEOUT_MS = 5_000;

/** Everything about Redis: whether it can be reached, and whether it is safe. It is only read. */
export async function checkRedis(settings: DoctorSettings): Promise<Finding[]> {
  const check = "redis";
  if (!isRedisUrl(settings.REDIS_URL)) {
    const fix = "set REDIS_URL to redis://host:port, or rediss:// for TLS";
    return [{ check, found: "REDIS_URL is no redis:// address", verdict: "refuse", fix, lasting: true }];
  }
  const { hostname, port } = new URL(settings.REDIS_URL);
  const place = `${hostname}:${port === "" ? "6379" : port}`;
  const redis = new Redis(settings.REDIS_URL, {
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The reason comes by this event; what `connect` rejects with says only that there is no connection.
  let reason = "";
  redis.on("error", (error: Error & { code?: string }) => (reason = reasonOf(error)));
  try {
    await redis.connect();
    const facts = await fetchRedisFacts(redis, Date.now);
    const demand = {
      durability: settings.REDIS_DURABILITY,
      isConfirmed: settings.REDIS_DURABILITY_CONFIRMED,
    };
    return [
      { check, found: `${place} answers`, verdict: "ok" },
      ...judgeRedis(facts, demand),
      ...(await checkDisk(redis, hostname)),
    ];
  } catch (error) {
    const found = `${place}: ${reason || reasonOf(error as Error)}`;
    return [{ check, found, verdict: "refuse", fix: "start Redis, or correct REDIS_URL", lasting: true }];
  } finally {
    redis.disconnect();
  }
}

function isRedisUrl(text: string): boolean {
  return URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol) && new URL(text).hostname !== "";
}

/** The code of a socket's error or of a reply, and not its text, which could repeat what was sent. */
function reasonOf(error: Error & { code?: string }): string {
  return error.code ?? /^[A-Z]{4,}\b/.exec(error.message)?.[0] ?? "no answer";
}
