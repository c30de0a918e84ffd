import type { Redis } from "ioredis";
import { PHASES, type Phase } from "@rushes/pipeline";
import { readAll } from "./listing.ts";
import { milliseconds } from "./redis-time.ts";
import { readSubmitPause, type SubmitPause } from "./submit-switch.ts";

const DAY_MS = 86_400_000;

export type Totals = {
  phases: Record<Phase, number>;
  late: number;
  /** Reserved on today's UTC day. */
  reservedMicros: number;
  /** Reserved or spent on today's UTC day: what the budget is held against. */
  spentMicros: number;
  /** What unconfirmed videos may have been charged. */
  unconfirmedMicros: number;
  /** How long the oldest result that is not archived yet has existed; null when there is none. */
  oldestResultAgeMs: number | null;
  /** Webhooks neither delivered nor given up. */
  webhooksPending: number;
  /** Null: submissions go on. */
  submitPause: SubmitPause | null;
};

/** One read per owner and phase, whatever the number of videos. */
export async function readTotals(redis: Redis, prefix: string): Promise<Totals> {
  const [owners, time] = await Promise.all([redis.smembers(`${prefix}:owners`), redis.time()]);
  const nowMs = milliseconds(time);
  const today = Math.floor(nowMs / DAY_MS);

  const counts = redis.pipeline();
  for (const phase of PHASES) for (const owner of owners) counts.zcard(`${prefix}:phase:${phase}:${owner}`);
  counts.get(`${prefix}:doubt`).scard(`${prefix}:late`).zcard(`${prefix}:outbox`);
  const sums = redis.pipeline().hmget(`${prefix}:spend:${today}`, "reserved", "billed");
  const oldest = redis.zrange(`${prefix}:archiving`, 0, 0, "WITHSCORES");
  const [numbers, [money], [, oldestMs], submitPause] = await Promise.all([
    readAll<number | string | null>(counts),
    readAll<(string | null)[]>(sums),
    oldest,
    readSubmitPause(redis, prefix),
  ]);

  const sumOf = (index: number): number =>
    numbers
      .slice(index * owners.length, (index + 1) * owners.length)
      .reduce<number>((sum, count) => sum + Number(count), 0);
  const [reserved, billed] = (money ?? []).map(Number);
  return {
    phases: Object.fromEntries(PHASES.map((phase, index) => [phase, sumOf(index)])) as Record<Phase, number>,
    unconfirmedMicros: Number(numbers.at(-3)),
    late: Number(numbers.at(-2)),
    webhooksPending: Number(numbers.at(-1)),
    reservedMicros: reserved ?? 0,
    spentMicros: (reserved ?? 0) + (billed ?? 0),
    submitPause,
    oldestResultAgeMs: oldestMs === undefined ? null : nowMs - Number(oldestMs),
  };
}
