import { createHash } from "node:crypto";
import { priceMicros, wantedEvents, type Order, type VideoRecord } from "@rushes/pipeline";
import { parseRecord } from "./parse-record.ts";
import { fieldsOf, type RunScript } from "./scripts.ts";

export type AdmissionRequest = {
  videoId: string;
  /** The caller's name: owner of the video and of the idempotency key. */
  owner: string;
  idempotencyKey: string | null;
  order: Order;
  /** Micro-dollars per UTC day that may be reserved or spent; null = no budget. */
  budgetMicros: number | null;
};

export type Admission =
  /** `record`: as it was written, so that nobody has to read it to answer. */
  | { kind: "admitted"; videoId: string; wake: number; record: VideoRecord }
  /** The same key and the same order came before: that video, unchanged. */
  | { kind: "replayed"; videoId: string }
  /** The same key came before with another order. */
  | { kind: "conflict"; videoId: string }
  | { kind: "over_budget" };

/** What the scripts are told when spending has no limit; 0 would mean that nothing may be spent. */
export const NO_BUDGET = -1;

/** How long after its time a job may be missing before the sweep wakes the video itself. */
export const SWEEP_GRACE_MS = 10_000;

/** The `rev` of a new record, and of its first wake-up. */
export const FIRST_REV = 1;

/** Writes record, place in line, reservation and idempotency key in one script: all, or nothing. */
export async function admit(run: RunScript, prefix: string, request: AdmissionRequest): Promise<Admission> {
  const { videoId, owner, order } = request;
  const orderJson = JSON.stringify(order);
  const reply = fieldsOf(
    await run("admit-video", `${prefix}:video:${videoId}`, [
      videoId,
      owner,
      request.idempotencyKey === null ? "" : sha256(request.idempotencyKey),
      fingerprintOf(order),
      orderJson,
      order.input.mode,
      order.input.duration,
      priceOf(order),
      order.max_charges,
      order.priority,
      delayMsOf(order),
      request.budgetMicros ?? NO_BUDGET,
      SWEEP_GRACE_MS,
      eventsToTell(order),
    ]),
  );
  const id = reply["id"] ?? "";
  const { result = "nothing" } = reply;
  switch (result) {
    case "admitted":
      return {
        kind: "admitted",
        videoId,
        wake: FIRST_REV,
        record: admittedRecord(videoId, owner, order, Number(reply["created"])),
      };
    case "replayed":
    case "conflict":
      return { kind: result, videoId: id };
    case "over_budget":
      return { kind: "over_budget" };
  }
  throw new Error(`admit-video answered ${result}`);
}

/** A record at the moment of its admission, as `admit` in `record.lua` writes it. */
export function admittedRecord(id: string, owner: string, order: Order, createdMs: number): VideoRecord {
  const price = String(priceOf(order));
  return parseRecord(
    id,
    {
      owner,
      phase: "queued",
      mode: order.input.mode,
      duration: String(order.input.duration),
      price,
      reserved: price,
      max_charges: String(order.max_charges),
      rev: String(FIRST_REV),
      wake: String(FIRST_REV),
      due: String(createdMs + delayMsOf(order) + SWEEP_GRACE_MS),
      created: String(createdMs),
    },
    null,
  );
}

export function priceOf({ input }: Order): number {
  return priceMicros(input.mode, input.duration);
}

export function delayMsOf(order: Order): number {
  return Math.round(order.delay_s * 1000);
}

/** Each with a blank around it, as the scripts look for them; empty = none. */
export function eventsToTell(order: Order): string {
  return wantedEvents(order)
    .map((event) => ` ${event} `)
    .join("");
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Of what was ordered, however it was typed and wherever it came from. */
export function fingerprintOf(order: Order | readonly Order[]): string {
  // JSON has no undefined, so this is the order without it.
  const asked = (one: Order): object => ({ ...one, origin: undefined });
  return sha256(canonicalJson("input" in order ? asked(order) : order.map(asked)));
}

/** JSON whose keys are sorted: two orders that mean the same have the same fingerprint, however they were typed. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
