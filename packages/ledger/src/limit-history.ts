import type { Redis } from "ioredis";
import { describeView, type AccountLimits, type LimitBook } from "./limit-book.ts";

/** An account's limits and their use at one moment. */
export type LimitSample = {
  /** Redis time, milliseconds. */
  atMs: number;
  /** Tasks in flight, with calls that wait for an answer. */
  inFlight: number;
  /** Tasks in flight that were allowed; null = no limit was known. */
  limit: number | null;
  /** Requests of the last minute that count. */
  lastMinute: number;
  /** Requests a minute that were allowed; null = no limit was known. */
  perMinute: number | null;
  /** Submits that met a 429 since the sample before. */
  refused: number;
};

/** Samples that are kept of an account: three hours at one every five seconds, in about 150 kB. */
export const MOST_SAMPLES = 2_160;

/**
 * Notes how every account's limits stand, in one stream per account, if nobody else has done so within `everyMs`: any
 * number of sweepers may ask, one takes the turn. Half a dozen commands per account and turn.
 */
export async function sampleLimits(
  redis: Redis,
  prefix: string,
  limits: Pick<LimitBook, "read" | "list">,
  everyMs: number,
): Promise<boolean> {
  const turn = await redis.set(`${prefix}:sample-turn`, "1", "PX", Math.max(1, Math.ceil(everyMs)), "NX");
  if (turn !== "OK") return false;
  for (const account of await limits.list()) await sampleAccount(redis, prefix, limits, account);
  return true;
}

async function sampleAccount(
  redis: Redis,
  prefix: string,
  limits: Pick<LimitBook, "read">,
  account: AccountLimits,
): Promise<void> {
  const key = `${prefix}:limit-history:${account.name}`;
  const [view, [last]] = await Promise.all([
    limits.read(account),
    redis.xrevrange(key, "+", "-", "COUNT", 1),
  ]);
  const { inFlight, limit, lastMinute, ratePerMinute } = describeView(view);
  const lastMs = last ? msOf(last[0]) : 0;
  // Redis' clock may have been set back; a stream only goes forward.
  if (view.nowMs <= lastMs) return;
  const refused = view.state.refused.reduce((sum, [atMs, count]) => (atMs > lastMs ? sum + count : sum), 0);
  const row = JSON.stringify([inFlight, limit, lastMinute, ratePerMinute, refused]);
  await redis.xadd(key, "MAXLEN", "~", MOST_SAMPLES, `${view.nowMs}-0`, "s", row);
}

/** The samples of an account that are newer than a moment, oldest first. */
export async function readLimitHistory(
  redis: Redis,
  prefix: string,
  account: string,
  afterMs: number,
): Promise<LimitSample[]> {
  const entries = await redis.xrange(`${prefix}:limit-history:${account}`, `${afterMs + 1}-0`, "+");
  return entries.map(([id, [, row = "[]"]]) => {
    const [inFlight, limit, lastMinute, perMinute, refused] = JSON.parse(row) as [
      number,
      number | null,
      number,
      number | null,
      number,
    ];
    return { atMs: msOf(id), inFlight, limit, lastMinute, perMinute, refused };
  });
}

function msOf(streamId: string): number {
  return Number(streamId.split("-", 1)[0]);
}
