import type { Redis } from "ioredis";
import { fillRaw, fillRushes } from "./fill-queues.ts";
import { differenceOf, readRedisMeter, type RedisUse } from "./redis-meter.ts";
import type { WorkerFleet } from "./worker-fleet.ts";

export type RoundPlan = {
  side: "raw" | "rushes";
  /** Orders in line when the clock starts. */
  waiting: number;
  /** The clock stops when so many are completed. */
  measured: number;
};

export type RoundResult = RoundPlan & {
  videosPerSecond: number;
  /** Per video; one that was submitted and not completed when the stages stopped counts as half. */
  perVideo: {
    commandsSent: number;
    scripts: number;
    commands: number;
    nodeCpuMs: number;
    redisCpuMs: number;
  };
  /** Submitted, but not completed, when the clock stopped. */
  underWay: number;
  redis: RedisUse;
};

/** Fills the line on an empty Redis, starts the stages, and waits until so many are through. */
export async function runRound(
  redis: Redis,
  fleet: WorkerFleet,
  plan: RoundPlan,
  told: (line: string) => void,
): Promise<RoundResult> {
  await redis.flushall();
  const fill = plan.side === "raw" ? fillRaw : fillRushes;
  await fill(redis, plan.waiting, (done) => told(`${plan.side}: ${done} of ${plan.waiting} in line`));
  const before = await readRedisMeter(redis);
  const startedMs = performance.timeOrigin + performance.now();
  fleet.startStages();
  const end = await fleet.untilCompleted(plan.measured);
  const stopped = await fleet.stopStages();
  const use = differenceOf(before, await readRedisMeter(redis));
  // What was begun and not completed has cost something too.
  const videos = (stopped.submitted + stopped.completed) / 2;
  return {
    ...plan,
    videosPerSecond: (end.completed * 1000) / (end.atMs - startedMs),
    perVideo: {
      commandsSent: stopped.commandsSent / videos,
      scripts: use.scripts / videos,
      commands: use.commands / videos,
      nodeCpuMs: stopped.cpuMs / videos,
      redisCpuMs: use.cpuMs / videos,
    },
    underWay: end.submitted - end.completed,
    redis: use,
  };
}
