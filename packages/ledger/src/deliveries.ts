import type { Redis } from "ioredis";
import {
  DELIVERY_STATES,
  deliveryId,
  WEBHOOK_EVENTS,
  type Deliveries,
  type Delivery,
  type DeliveryAttempt,
} from "@rushes/pipeline";
import { readAll } from "./listing.ts";
import { fieldsOf, rowsOf, type RunScript } from "./scripts.ts";

/** Deliveries claimed at once by `claimOverdue`. */
export const OUTBOX_BATCH = 500;
/** A woken delivery that was not tried is woken again after this, then after twice as long, and so on. */
const CLAIM_AGAIN_MS = 15_000;
/** While an attempt may last, the sweep stays away: the whole time of a POST and a margin. */
const BUSY_MS = 30_000;
/** Two whole schedules of ten, and some replays. */
const ATTEMPTS_KEPT = 50;

export type OverdueDelivery = { videoId: string; number: number; wake: number };
export type Replay = { result: "replayed"; wake: number } | { result: "no_record" | "no_delivery" };

export type DeliveryLedger = Deliveries & {
  /** All of a video, oldest first. */
  list(videoId: string): Promise<Delivery[]>;
  /** Sends a delivery again, now, whatever became of it: the same id and body, a new schedule. Said in the video's events. */
  replay(videoId: string, number: number, by: string): Promise<Replay>;
  /** Claims pending deliveries whose job seems lost, for waking. */
  claimOverdue(): Promise<OverdueDelivery[]>;
  /** Deliveries that are pending. */
  countPending(): Promise<number>;
};

/** The outbox: rows that the record's script writes with the transition they tell of. */
export function createDeliveries(redis: Redis, run: RunScript, prefix: string): DeliveryLedger {
  const rowKey = (name: string): string => `${prefix}:delivery:${name}`;

  return {
    async read(videoId, number) {
      const fields = await redis.hgetall(rowKey(deliveryId(videoId, number)));
      return parseDelivery(fields);
    },

    async list(videoId) {
      const names = await redis.zrange(`${prefix}:deliveries:${videoId}`, 0, -1);
      if (names.length === 0) return [];
      const pipeline = redis.pipeline();
      for (const name of names) pipeline.hgetall(rowKey(name));
      const rows = await readAll<Record<string, string>>(pipeline);
      return rows.flatMap((fields) => parseDelivery(fields) ?? []);
    },

    async start({ videoId, number, wake, recorded }, body) {
      const reply = fieldsOf(
        await run("start-delivery", `${prefix}:outbox`, [videoId, number, wake, recorded, body, BUSY_MS]),
      );
      return reply["result"] === "started" ? String(reply["body"]) : null;
    },

    async record({ videoId, number, recorded }, attempt, verdict) {
      const reply = fieldsOf(
        await run("record-delivery", `${prefix}:outbox`, [
          videoId,
          number,
          recorded,
          JSON.stringify(attempt),
          verdict.state,
          verdict.state === "pending" ? Math.ceil(verdict.againMs) : 0,
          ATTEMPTS_KEPT,
        ]),
      );
      return reply["result"] === "recorded";
    },

    async replay(videoId, number, by) {
      const reply = fieldsOf(
        await run("replay-delivery", `${prefix}:video:${videoId}`, [videoId, number, by]),
      );
      if (reply["result"] === "replayed") return { result: "replayed", wake: Number(reply["rev"]) };
      return { result: reply["result"] === "no_record" ? "no_record" : "no_delivery" };
    },

    async claimOverdue() {
      const flat = await run("claim-outbox", `${prefix}:outbox`, [OUTBOX_BATCH, CLAIM_AGAIN_MS]);
      return rowsOf(flat, 3).map(([videoId = "", number, wake]) => ({
        videoId,
        number: Number(number),
        wake: Number(wake),
      }));
    },

    countPending: () => redis.zcard(`${prefix}:outbox`),
  };
}

function parseDelivery(fields: Readonly<Record<string, string>>): Delivery | null {
  const event = WEBHOOK_EVENTS.find((known) => known === fields["event"]);
  const state = DELIVERY_STATES.find((known) => known === fields["state"]);
  if (!event || !state || !fields["video"]) return null;
  const count = (name: string): number => Number(fields[name] ?? 0);
  const recorded = count("recorded");
  const attempts = Array.from({ length: Math.min(recorded, ATTEMPTS_KEPT) }, (_, index) => {
    const json = fields[`attempt:${recorded - index}`];
    return json === undefined ? [] : [JSON.parse(json) as DeliveryAttempt];
  });
  return {
    videoId: fields["video"],
    number: count("number"),
    event,
    state,
    createdMs: count("created"),
    dueMs: count("due"),
    wake: count("wake"),
    tries: count("tries"),
    recorded,
    unfinished: count("unfinished"),
    body: fields["body"] ?? null,
    attempts: attempts.toReversed().flat(),
  };
}
