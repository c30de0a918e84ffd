import type { Redis } from "ioredis";
import type { DurationSeconds, EndedVideo, Mode, Pace } from "@rushes/pipeline";
import { describeView, type LimitBook } from "./limit-book.ts";
import { readAll } from "./listing.ts";
import { milliseconds, readTime } from "./redis-time.ts";
import { readSubmitPause } from "./submit-switch.ts";

/** So many of the newest ended videos are looked at. */
const ENDED_SAMPLE = 200;
const DAY_MS = 86_400_000;
/** One priority's places in line from the next one's, as `placeOf` in `record.lua` makes them. */
const PRIORITY_STEP = 1e12;

export type Outlook = {
  /** Videos whose turn comes before that of one which this caller orders now, if nobody else orders anything. */
  countAhead(owner: string, priority: number): Promise<number>;
  /** Micro-dollars reserved and spent on today's UTC day. */
  readSpent(): Promise<number>;
  /** Some two hundred small reads, so callers keep it for some seconds. */
  readPace(): Promise<Pace>;
};

/** What can be said of an order before it is one. Reads only. */
export function createOutlook(redis: Redis, prefix: string, limits: LimitBook): Outlook {
  async function readEnded(): Promise<EndedVideo[]> {
    const ids = await redis.zrevrange(`${prefix}:ended`, 0, ENDED_SAMPLE - 1);
    const pipeline = redis.pipeline();
    for (const id of ids) {
      pipeline.hmget(
        `${prefix}:video:${id}`,
        "mode",
        "duration",
        "submitted",
        "archiving",
        "completed",
        "ended",
      );
    }
    const rows = ids.length > 0 ? await readAll<(string | null)[]>(pipeline) : [];
    return rows.flatMap(([mode, duration, submitted, archiving, completed, ended]) =>
      submitted
        ? [
            {
              mode: mode as Mode,
              duration: Number(duration) as DurationSeconds,
              submittedMs: Number(submitted),
              taskEndedMs: Number(archiving || ended),
              completedMs: Number(completed) || null,
            },
          ]
        : [],
    );
  }

  return {
    async countAhead(owner, priority) {
      const nowMs = await readTime(redis);
      const first = redis.pipeline();
      first.zrange(`${prefix}:line`, 0, -1, "WITHSCORES").hmget(`${prefix}:line-clock`, "", owner);
      // Ready ones that no claim has put in line yet. They were ordered before.
      first.zcount(`${prefix}:later`, "-inf", nowMs);
      const [flat, clocks, ready] = await readAll<unknown>(first);
      const starts = new Map(pairsOf(flat as string[]));
      const [clock, ownFinish] = (clocks as (string | null)[]).map(Number);

      const others = [...starts.keys()].filter((name) => name !== owner);
      const second = redis.pipeline();
      second.zcount(`${prefix}:line:${owner}`, "-inf", `(${(1 - priority) * PRIORITY_STEP}`);
      for (const name of others) second.zcard(`${prefix}:line:${name}`);
      const [ownAhead = 0, ...waiting] = await readAll<number>(second);

      const ownStart = starts.get(owner) ?? Math.max(clock ?? 0, ownFinish ?? 0);
      const start = ownStart + ownAhead;
      const ofOthers = others.map((name, index) => {
        const turns = turnsUntil(start, starts.get(name) ?? 0, name < owner);
        return Math.min(waiting[index] ?? 0, turns);
      });
      return ownAhead + Number(ready) + ofOthers.reduce((total, count) => total + count, 0);
    },

    async readSpent() {
      const today = Math.floor((await readTime(redis)) / DAY_MS);
      const sums = await redis.hmget(`${prefix}:spend:${today}`, "reserved", "billed");
      return sums.reduce((total, sum) => total + Number(sum), 0);
    },

    async readPace() {
      const [ended, accounts, pause] = await Promise.all([
        readEnded(),
        limits.list(),
        readSubmitPause(redis, prefix),
      ]);
      const views = await Promise.all(accounts.map((account) => limits.read(account)));
      return {
        nowMs: milliseconds(await redis.time()),
        ended,
        accounts: views
          // While somebody has paused submissions no account is open, and nobody knows for how long.
          .filter(({ closedUntilMs }) => closedUntilMs === null && pause === null)
          .map((view) => {
            const { limit, inFlight, pending, ratePerMinute } = describeView(view);
            return { places: limit, placesTaken: inFlight + pending, perMinute: ratePerMinute };
          }),
      };
    },
  };
}

/** Turns at `next`, `next + 1`, … that come before one at `start`; of two at once the first by name is served first. */
function turnsUntil(start: number, next: number, isFirst: boolean): number {
  if (next > start) return 0;
  const before = Math.ceil(start - next);
  return isFirst && Number.isInteger(start - next) ? before + 1 : before;
}

function pairsOf(flat: readonly string[]): [string, number][] {
  return Array.from({ length: flat.length / 2 }, (_, pair) => [
    String(flat[pair * 2]),
    Number(flat[pair * 2 + 1]),
  ]);
}
