import type { Redis } from "ioredis";

/** Everything that is kept, as text: names of keys, of fields and of members, and every value. */
export async function dumpRedis(redis: Redis): Promise<string> {
  const words: string[] = [];
  for await (const keys of redis.scanStream({ count: 500 }) as AsyncIterable<string[]>) {
    for (const key of keys) words.push(key, JSON.stringify(await readKey(redis, key)));
  }
  return words.join("\n");
}

async function readKey(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case "string":
      return await redis.get(key);
    case "hash":
      return await redis.hgetall(key);
    case "list":
      return await redis.lrange(key, 0, -1);
    case "set":
      return await redis.smembers(key);
    case "zset":
      return await redis.zrange(key, 0, -1, "WITHSCORES");
    case "stream":
      return await redis.xrange(key, "-", "+");
    case "none":
      return null;
    default:
      throw new Error(`${key} is of a type that is not read here`);
  }
}
