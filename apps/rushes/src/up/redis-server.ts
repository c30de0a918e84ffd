import { mkdirSync, realpathSync } from "node:fs";
import { extname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import type { Environment } from "@rushes/lifecycle";
import { startChild, type Child } from "./child.ts";
import type { Look } from "./readiness.ts";

const KEEP_PROGRAM = fileURLToPath(new URL(`./keep-program${extname(import.meta.url)}`, import.meta.url));

/** Writing its last second to disk is quick; more than this means that it hangs. */
const GRACE_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** Starts a Redis server whose data outlives it: every change is logged, and on disk within a second. */
export function startRedisServer(options: {
  port: number;
  folder: string;
  environment: Environment;
  root: string;
  logFolder: string;
}): Child {
  const { port, folder, environment, root, logFolder } = options;
  mkdirSync(folder, { recursive: true });
  const settings = {
    port: String(port),
    bind: "127.0.0.1",
    dir: folder,
    appendonly: "yes",
    appendfsync: "everysec",
    "maxmemory-policy": "noeviction",
    // The log of changes is all that is needed to come back.
    save: "",
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  return startChild({
    name: "redis",
    program: KEEP_PROGRAM,
    args: ["redis-server", ...args],
    environment,
    root,
    logFolder,
    graceMs: GRACE_MS,
  });
}

/** Ready is a server that has read its data. */
export function redisLook(port: number): Look {
  return async () => {
    const answer = await ask(port, (redis) => redis.ping());
    return answer === "PONG" ? undefined : "it does not answer PING";
  };
}

/**
 * Stops a server that an `up` which was killed has left behind on this port, if it is one: two servers must not write
 * to one folder.
 *
 * @param port of the last start; undefined when there was none
 * @returns whether there was one
 */
export async function stopLeftoverRedis(
  port: number | undefined,
  folder: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (port === undefined) return false;
  const theirs = await ask(port, async (redis) => (await redis.config("GET", "dir")) as string[]);
  if (theirs?.[1] === undefined || theirs[1] !== realPathOf(folder)) return false;
  await ask(port, (redis) => redis.shutdown());
  while ((await ask(port, (redis) => redis.ping())) !== undefined) {
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
  return true;
}

/** One question on a connection of its own; undefined when it could not be asked or the server refused. */
async function ask<Answer>(
  port: number,
  question: (redis: Redis) => Promise<Answer>,
): Promise<Answer | undefined> {
  const redis = new Redis({
    port,
    host: "127.0.0.1",
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
  });
  // The failure of the question says it all.
  redis.on("error", () => {});
  try {
    await redis.connect();
    return await question(redis);
  } catch {
    return undefined;
  } finally {
    redis.disconnect();
  }
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
