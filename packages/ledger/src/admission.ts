import { createHash } from "node:crypto";
import { priceMicros, wantedEvents, type Order } from "@rushes/pipeline";
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
  | { kind: "admitted"; videoId: string; wake: number }
  /** The same key and the same order came before: that video, unchanged. */
  | { kind: "replayed"; videoId: string }
  /** The same key came before with another order. */
  | { kind: "conflict"; videoId: string }
  | { kind: "over_budget" };

/** What the scripts are told when spending has no limit; 0 would mean that nothing may be spent. */
export const NO_BUDGET = -1;

/** How long after its time a job may be missing before the sweep wakes the video itself. */
export const SWEEP_GRACE_MS = 10_000;

/** Writes record, place in line, reservation and idempotency key in one script: all, or nothing. */
export async function admit(run: RunScript, prefix: string, request: AdmissionRequest): Promise<Admission> {
  const { videoId, order } = request;
  const orderJson = JSON.stringify(order);
  const reply = fieldsOf(
    await run("admit-video", `${prefix}:video:${videoId}`, [
      videoId,
      request.owner,
      request.idempotencyKey === null ? "" : sha256(request.idempotencyKey),
      sha256(canonicalJson(order)),
      orderJson,
      order.input.mode,
      order.input.duration,
      priceMicros(order.input.mode, order.input.duration),
      order.max_charges,
      order.priority,
      Math.round(order.delay_s * 1000),
      request.budgetMicros ?? NO_BUDGET,
      SWEEP_GRACE_MS,
      wantedEvents(order)
        .map((event) => ` ${event} `)
        .join(""),
    ]),
  );
  const id = reply["id"] ?? "";
  const admissions: Record<string, Admission> = {
    admitted: { kind: "admitted", videoId, wake: Number(reply["wake"]) },
    replayed: { kind: "replayed", videoId: id },
    conflict: { kind: "conflict", videoId: id },
    over_budget: { kind: "over_budget" },
  };
  const admission = admissions[String(reply["result"])];
  if (!admission) throw new Error(`admit-video answered ${reply["result"]}`);
  return admission;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** JSON whose keys are sorted: two orders that mean the same have the same fingerprint, however they were typed. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
