import { Redis } from "ioredis";
import { startTestRedis, uniquePrefix, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorkerConnection } from "../src/index.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

/** How often Redis had something to read from its clients; one write of one client is one. */
async function countReads(observer: Redis): Promise<number> {
  return Number(/^total_reads_processed:(\d+)/m.exec(await observer.info("stats"))?.[1]);
}

test("commands of one turn of the event loop leave in one write, and each gets its own answer", async () => {
  const redis = openWorkerConnection(server.url);
  const observer = new Redis(server.url);
  try {
    const key = uniquePrefix("gathering");
    await redis.ping();
    await observer.ping();
    const before = await countReads(observer);
    const answers = await Promise.all(Array.from({ length: 50 }, () => redis.incr(key)));
    expect(answers).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    // One for the fifty, and one for the question itself.
    expect((await countReads(observer)) - before).toBe(2);
  } finally {
    redis.disconnect();
    observer.disconnect();
  }
});

test("a connection that was cut goes on gathering when it is back", async () => {
  const redis = openWorkerConnection(server.url);
  const observer = new Redis(server.url);
  try {
    const id = await redis.client("ID");
    await observer.client("KILL", "ID", id);
    expect(await Promise.all([redis.echo("a"), redis.echo("b")])).toEqual(["a", "b"]);
  } finally {
    redis.disconnect();
    observer.disconnect();
  }
});
