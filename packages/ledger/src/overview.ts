import type { Redis } from "ioredis";
import type { FailureClass, Mode, Phase } from "@rushes/pipeline";
import { listIds, readAll } from "./listing.ts";
import { milliseconds } from "./redis-time.ts";

/** So many records of each kind are looked at: enough for a median, few enough to read every quarter of a minute. */
const SAMPLE = 100;
/** Attempts beyond the third are too rare to count in a sample. */
const MOST_ATTEMPTS = 3;
const DAY_MS = 86_400_000;

/** What a task that ended lately has taken. */
export type EndedTask = {
  mode: Mode;
  /** From the stored answer to the look that saw the end, milliseconds. */
  generationMs: number;
  /** How long after its time that look came, milliseconds; null = a record of a version that did not note it. */
  lagMs: number | null;
};

export type FailedVideo = {
  id: string;
  endedMs: number;
  class: FailureClass;
  code: string;
};

export type MoneyToday = { reservedMicros: number; billedMicros: number };

export type InFlight = {
  count: number;
  micros: number;
  /** The dollars are of a sample, scaled up. */
  isEstimate: boolean;
};

/** Phases whose videos wait for somebody: how long the oldest does is a question there. */
export const WAITING_PHASES: readonly Phase[] = ["queued", "submitting", "generating", "archiving"];

/** What the overview shows beside the totals. Reads only, each of a bounded number of small commands. */
export type Overview = {
  /** When the oldest order of each phase was made, Redis milliseconds; phases without a video are left out. */
  readOldest(phases: readonly Phase[]): Promise<Partial<Record<Phase, number>>>;
  /** Since when the longest unconfirmed video has been so; null = there is none. */
  readOldestDoubt(): Promise<number | null>;
  /** On today's UTC day. */
  readMoneyToday(): Promise<MoneyToday>;
  /** What the tasks cost that run at these accounts now. */
  readInFlight(accounts: readonly string[]): Promise<InFlight>;
  /** Of the videos that ended last, those with a task that is known to have ended. */
  readEndedTasks(): Promise<EndedTask[]>;
  /** The newest failed orders, newest first. */
  readFailures(): Promise<FailedVideo[]>;
};

export function createOverview(redis: Redis, prefix: string): Overview {
  const videoKey = (id: string): string => `${prefix}:video:${id}`;

  return {
    async readOldest(phases) {
      const owners = await redis.smembers(`${prefix}:owners`);
      const heads = redis.pipeline();
      for (const phase of phases)
        for (const owner of owners) heads.zrange(`${prefix}:phase:${phase}:${owner}`, 0, 0);
      const answers = owners.length > 0 ? await readAll<string[]>(heads) : [];
      // Ids sort by time, so the first of all firsts is the oldest order.
      const found = phases.flatMap((phase, index) => {
        const firsts = answers.slice(index * owners.length, (index + 1) * owners.length).flat();
        const [oldest] = firsts.toSorted();
        return oldest === undefined ? [] : [{ phase, oldest }];
      });
      const created = redis.pipeline();
      for (const { oldest } of found) created.hget(videoKey(oldest), "created");
      const times = found.length > 0 ? await readAll<string | null>(created) : [];
      return Object.fromEntries(
        found.flatMap(({ phase }, index) => (times[index] ? [[phase, Number(times[index])]] : [])),
      );
    },

    async readOldestDoubt() {
      const [, since] = await redis.zrange(`${prefix}:unconfirmed`, 0, 0, "WITHSCORES");
      return since === undefined ? null : Number(since);
    },

    async readMoneyToday() {
      const today = Math.floor(milliseconds(await redis.time()) / DAY_MS);
      const [reserved, billed] = await redis.hmget(`${prefix}:spend:${today}`, "reserved", "billed");
      return { reservedMicros: Number(reserved), billedMicros: Number(billed) };
    },

    async readInFlight(accounts) {
      const leases = redis.pipeline();
      for (const name of accounts)
        leases.zcard(`${prefix}:leases:${name}`).zrange(`${prefix}:leases:${name}`, 0, SAMPLE - 1);
      const answers = accounts.length > 0 ? await readAll<number | string[]>(leases) : [];
      const counts = answers.filter((answer) => typeof answer === "number");
      const members = answers.filter((answer) => typeof answer !== "number").flat();
      const prices = redis.pipeline();
      for (const member of members) {
        const cut = member.indexOf("#");
        prices.hget(videoKey(member.slice(0, cut)), `${member.slice(cut + 1)}.price`);
      }
      const micros = members.length > 0 ? (await readAll<string | null>(prices)).map(Number) : [];
      const count = sum(counts);
      const scale = micros.length > 0 ? count / micros.length : 0;
      return { count, micros: Math.round(sum(micros) * scale), isEstimate: micros.length < count };
    },

    async readEndedTasks() {
      const ids = await redis.zrevrange(`${prefix}:ended`, 0, SAMPLE - 1);
      const attempts = Array.from({ length: MOST_ATTEMPTS }, (_, index) => index + 1);
      const fields = attempts.flatMap((n) => [`${n}.accepted`, `${n}.ended`, `${n}.lag`]);
      const reading = redis.pipeline();
      for (const id of ids) reading.hmget(videoKey(id), "mode", "current", ...fields);
      const rows = ids.length > 0 ? await readAll<(string | null)[]>(reading) : [];
      return rows.flatMap(([mode, current, ...times]) => {
        const [accepted, ended, lag] = times.slice((Number(current) - 1) * 3).slice(0, 3);
        if (!mode || Number(current) === 0 || !accepted || !ended) return [];
        const generationMs = Number(ended) - Number(accepted);
        return [{ mode: mode as Mode, generationMs, lagMs: lag ? Number(lag) : null }];
      });
    },

    async readFailures() {
      const query = { phases: ["failed" as const], owner: null, limit: SAMPLE, after: null };
      const { ids } = await listIds(redis, prefix, query);
      const reading = redis.pipeline();
      for (const id of ids) reading.hmget(videoKey(id), "ended", "error_class", "error_code");
      const rows = ids.length > 0 ? await readAll<(string | null)[]>(reading) : [];
      return rows.flatMap(([ended, failureClass, code], index) =>
        code
          ? [
              {
                id: ids[index] ?? "",
                endedMs: Number(ended),
                class: failureClass as FailureClass,
                code,
              },
            ]
          : [],
      );
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
