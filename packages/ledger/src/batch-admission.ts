import type { Order, VideoRecord } from "@rushes/pipeline";
import {
  admittedRecord,
  delayMsOf,
  eventsToTell,
  fingerprintOf,
  FIRST_REV,
  NO_BUDGET,
  priceOf,
  sha256,
  SWEEP_GRACE_MS,
} from "./admission.ts";
import { fieldsOf, type RunScript } from "./scripts.ts";

/** What one script admits while Redis does nothing else: some 25 ms on two cores of a small machine. */
export const MOST_IN_BATCH = 1_000;

export type BatchRequest = {
  /** 1 to `MOST_IN_BATCH`; the videos stand in line in this order. */
  videos: readonly { videoId: string; order: Order }[];
  owner: string;
  idempotencyKey: string | null;
  /** As in `AdmissionRequest`. */
  budgetMicros: number | null;
};

export type BatchAdmission =
  | { kind: "admitted"; wake: number; records: readonly VideoRecord[] }
  /** The same key and the same orders came before: those videos, in their order. */
  | { kind: "replayed"; videoIds: readonly string[] }
  /** The same key came before with something else; this was its first video. */
  | { kind: "conflict"; videoId: string }
  /** What the day's budget has left is less than the batch costs. */
  | { kind: "over_budget"; leftMicros: number };

/** Admits all of these orders in one script, or none. */
export async function admitBatch(
  run: RunScript,
  prefix: string,
  { videos, owner, idempotencyKey, budgetMicros }: BatchRequest,
): Promise<BatchAdmission> {
  const rows = videos.flatMap(({ videoId, order }) => {
    const { mode, duration } = order.input;
    const numbers = [duration, priceOf(order), order.max_charges, order.priority, delayMsOf(order)];
    return [[videoId, mode, ...numbers].join(" "), JSON.stringify(order), eventsToTell(order)];
  });
  const reply = fieldsOf(
    await run("admit-batch", `${prefix}:owners`, [
      owner,
      idempotencyKey === null ? "" : sha256(idempotencyKey),
      fingerprintOf(videos.map(({ order }) => order)),
      budgetMicros ?? NO_BUDGET,
      SWEEP_GRACE_MS,
      ...rows,
    ]),
  );
  const { result = "nothing" } = reply;
  switch (result) {
    case "admitted": {
      const createdMs = Number(reply["created"]);
      const records = videos.map(({ videoId, order }) => admittedRecord(videoId, owner, order, createdMs));
      return { kind: "admitted", wake: FIRST_REV, records };
    }
    case "replayed":
      return { kind: "replayed", videoIds: String(reply["ids"]).split(" ") };
    case "conflict":
      return { kind: "conflict", videoId: String(reply["id"]) };
    case "over_budget":
      return { kind: "over_budget", leftMicros: Math.max(0, (budgetMicros ?? 0) - Number(reply["spent"])) };
  }
  throw new Error(`admit-batch answered ${result}`);
}
