import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { milliseconds, readTime } from "./redis-time.ts";

/** One worker process, as it says of itself. */
export type WorkerSign = {
  /** Where it runs, for people: `host:pid`. */
  place: string;
  /** The roles whose loops turn. One that is stuck is left out, though its process lives. */
  roles: readonly string[];
};

export type SeenWorker = WorkerSign & {
  /** Since its last sign, milliseconds of Redis time. */
  silentMs: number;
};

export type WorkerRoll = {
  /** Says that this process is there. */
  sign(worker: WorkerSign): Promise<void>;
  /** Takes this process off the roll, so that one that ends in order is not missed. */
  leave(): Promise<void>;
};

/** Who gave no sign for so long is forgotten. Until then people see who is missing. */
const FORGET_MS = 3_600_000;

/** The roll as one process writes it. Three small commands a sign, whatever the number of workers. */
export function createWorkerRoll(redis: Redis, prefix: string): WorkerRoll {
  const id = randomUUID();
  const [seen, said] = [`${prefix}:workers`, `${prefix}:worker-signs`];
  return {
    async sign(worker) {
      const nowMs = await readTime(redis);
      const gone = await redis.zrangebyscore(seen, "-inf", nowMs - FORGET_MS, "LIMIT", 0, 100);
      const writing = redis.pipeline().zadd(seen, nowMs, id).hset(said, id, JSON.stringify(worker));
      if (gone.length > 0) writing.zrem(seen, ...gone).hdel(said, ...gone);
      await writing.exec();
    },
    async leave() {
      await redis.pipeline().zrem(seen, id).hdel(said, id).exec();
    },
  };
}

/** Everybody on the roll, by place. */
export async function readWorkerRoll(redis: Redis, prefix: string): Promise<SeenWorker[]> {
  const [time, flat, said] = await Promise.all([
    redis.time(),
    redis.zrange(`${prefix}:workers`, 0, -1, "WITHSCORES"),
    redis.hgetall(`${prefix}:worker-signs`),
  ]);
  const nowMs = milliseconds(time);
  const workers: SeenWorker[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const sign = said[flat[at] ?? ""];
    if (sign === undefined) continue;
    workers.push({
      ...(JSON.parse(sign) as WorkerSign),
      silentMs: Math.max(0, nowMs - Number(flat[at + 1])),
    });
  }
  return workers.toSorted((a, b) => (a.place < b.place ? -1 : 1));
}
