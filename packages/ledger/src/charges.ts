import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { dollars, type Mode, type Order } from "@rushes/pipeline";
import { readAll } from "./listing.ts";

/**
 * What became of an attempt, in the words of the charge ledger. `open`: its answer is still awaited. `unconfirmed`: its
 * answer was lost. `adopted`, `released`, `written_off`: what a person or the policy made of such a one. `extra`: its task
 * runs beside the one that the video follows, one charge too many.
 */
export const CHARGE_OUTCOMES = [
  "open",
  "accepted",
  "refused",
  "not_sent",
  "unconfirmed",
  "adopted",
  "released",
  "written_off",
  "extra",
] as const;
export type ChargeOutcome = (typeof CHARGE_OUTCOMES)[number];

/** One row per attempt, written before its POST. Times are ISO 8601 in UTC, by the clock of Redis; unknown ones are null. */
export type Charge = {
  video: string;
  /** Null for a task that is surely the video's, but that none of its attempts has brought (outcome `extra`). */
  attempt: number | null;
  /** Null as `attempt` is. */
  account: string | null;
  mode: Mode;
  duration: number;
  price_usd: number;
  intent_at: string | null;
  answered_at: string | null;
  accepted_at: string | null;
  ended_at: string | null;
  outcome: ChargeOutcome;
  task_id: string | null;
  /** Lower-case hex: SHA-256 of the JSON of the request's `input`, byte for byte as it is or would be sent. */
  request_sha256: string;
  /** Lower-case hex: SHA-256 of the attempt's secret, which itself is told to nobody. */
  secret_sha256: string | null;
  /** Where the money stands: still `reserved`, `billed` as spent, or `returned`. */
  billed: "reserved" | "billed" | "returned";
  /** The UTC day whose budget it counts against, `2026-11-24`. */
  day: string;
};

export type ChargeQuery = {
  /** Unix milliseconds, inclusive; compared with the intent, or with when a task without one was learned of. */
  fromMs?: number;
  /** Exclusive. */
  toMs?: number;
  outcome?: ChargeOutcome;
  account?: string;
};

/** Rows read at once: what is in memory, whatever the ledger's size. */
const BATCH = 200;
const DAY_MS = 86_400_000;

const VIDEO_FIELDS = ["mode", "duration", "price"] as const;
const ATTEMPT_FIELDS = [
  "state",
  "secret",
  "task",
  "account",
  "price",
  "day",
  "unit",
  "at",
  "answered",
  "accepted",
  "ended",
  "outcome",
] as const;

/**
 * Every charge and every attempt that cost nothing, oldest first, as long as their records are kept. What is added or
 * forgotten while it is read may or may not be seen; everything else is seen once.
 */
export async function* readCharges(
  redis: Redis,
  prefix: string,
  query: ChargeQuery = {},
): AsyncGenerator<Charge> {
  for await (const members of readIndex(redis, prefix, query)) {
    const pipeline = redis.pipeline();
    for (const member of members) {
      const { videoId, fields } = partsOf(member);
      pipeline.hmget(`${prefix}:video:${videoId}`, ...fields).get(`${prefix}:order:${videoId}`);
    }
    const answers = await readAll<(string | null)[] | string | null>(pipeline);
    for (const [index, member] of members.entries()) {
      const fields = answers[index * 2] as (string | null)[];
      const order = answers[index * 2 + 1] as string | null;
      // Its record was forgotten between the two reads.
      if (order === null) continue;
      const charge = presentCharge(member, fields, order);
      if (charge === null) continue;
      if (query.outcome !== undefined && charge.outcome !== query.outcome) continue;
      if (query.account !== undefined && charge.account !== query.account) continue;
      yield charge;
    }
  }
}

/** Members of the index by time. A page begins at the last moment of the one before: several may share a millisecond. */
async function* readIndex(
  redis: Redis,
  prefix: string,
  { fromMs, toMs }: ChargeQuery,
): AsyncGenerator<string[]> {
  let from: string | number = fromMs ?? "-inf";
  const to = toMs === undefined ? "+inf" : `(${toMs}`;
  let seenAtFrom = new Set<string>();
  for (;;) {
    const count: number = BATCH + seenAtFrom.size;
    const flat: string[] = await redis.zrangebyscore(
      `${prefix}:charges`,
      from,
      to,
      "WITHSCORES",
      "LIMIT",
      0,
      count,
    );
    const rows: { member: string; score: string }[] = [];
    for (let i = 0; i + 1 < flat.length; i += 2)
      rows.push({ member: flat[i] ?? "", score: flat[i + 1] ?? "" });
    const members = rows.map(({ member }) => member).filter((member) => !seenAtFrom.has(member));
    if (members.length > 0) yield members;
    const last = rows.at(-1);
    if (last === undefined || rows.length < count) return;
    const atLast = rows.filter(({ score }) => score === last.score).map(({ member }) => member);
    seenAtFrom = new Set(last.score === String(from) ? [...seenAtFrom, ...atLast] : atLast);
    from = last.score;
  }
}

/** `<video>#<attempt>`, or `<video>#stray:<task>`; a task's id may hold anything. */
function partsOf(member: string): { videoId: string; name: string; fields: string[] } {
  const cut = member.indexOf("#");
  const [videoId, name] = [member.slice(0, cut), member.slice(cut + 1)];
  const own = isStray(name) ? [name] : ATTEMPT_FIELDS.map((field) => `${name}.${field}`);
  return { videoId, name, fields: [...VIDEO_FIELDS, ...own] };
}

function isStray(name: string): boolean {
  return name.startsWith("stray:");
}

function presentCharge(member: string, values: readonly (string | null)[], order: string): Charge | null {
  const { videoId, name, fields } = partsOf(member);
  const byName = new Map(fields.map((field, index) => [field, values[index] ?? ""]));
  const ofVideo = (field: (typeof VIDEO_FIELDS)[number]): string => byName.get(field) ?? "";
  const request = {
    mode: ofVideo("mode") as Mode,
    duration: Number(ofVideo("duration")),
    request_sha256: sha256(JSON.stringify((JSON.parse(order) as Order).input)),
  };
  if (isStray(name)) {
    const learnedMs = Number(byName.get(name));
    // An attempt has taken the task meanwhile, and has a row of its own.
    if (learnedMs === 0) return null;
    return {
      video: videoId,
      attempt: null,
      account: null,
      ...request,
      price_usd: dollars(Number(ofVideo("price"))),
      intent_at: null,
      answered_at: timeOf(learnedMs),
      accepted_at: timeOf(learnedMs),
      ended_at: null,
      outcome: "extra",
      task_id: name.slice("stray:".length),
      secret_sha256: null,
      billed: "billed",
      day: dayOf(Math.floor(learnedMs / DAY_MS)),
    };
  }
  const own = (field: (typeof ATTEMPT_FIELDS)[number]): string => byName.get(`${name}.${field}`) ?? "";
  return {
    video: videoId,
    attempt: Number(name),
    account: own("account"),
    ...request,
    price_usd: dollars(Number(own("price"))),
    intent_at: timeOf(Number(own("at"))),
    answered_at: timeOf(Number(own("answered"))),
    accepted_at: timeOf(Number(own("accepted"))),
    ended_at: timeOf(Number(own("ended"))),
    outcome: outcomeOf(own("outcome"), own("state")),
    task_id: own("task") || null,
    secret_sha256: sha256(own("secret")),
    billed: own("unit") as Charge["billed"],
    day: dayOf(Number(own("day"))),
  };
}

/** The record's word for it, in the ledger's words. */
function outcomeOf(word: string, state: string): ChargeOutcome {
  if (word === "unknown" || (word === "" && state === "unknown")) return "unconfirmed";
  if (word === "refused_for_now") return "refused";
  return CHARGE_OUTCOMES.find((known) => known === word) ?? "open";
}

function timeOf(ms: number): string | null {
  return ms > 0 ? new Date(ms).toISOString() : null;
}

function dayOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
