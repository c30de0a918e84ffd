import type { AuditNote, Ledger } from "@rushes/ledger";
import type { Reading, Standing } from "@rushes/pipeline";
import {
  refusalOf,
  type CallerDesk,
  type OperatorDesk,
  type OperatorVerb,
  type Producer,
} from "@rushes/producer";
import { moneyText } from "../pages/money-text.ts";
import { chargesAfterRelease, type Verb } from "./offered-verbs.ts";

/** What came of a verb: done, with the video to look at then, or why nothing was changed. */
export type Act = { kind: "done"; videoId: string } | { kind: "refused"; because: string };

export type OperatorActsParts = {
  ledger: Pick<Ledger, "read">;
  operatorDesk: OperatorDesk;
  callerDesk: CallerDesk;
  producer: Pick<Producer, "orderVideo">;
  noteAudit: (entry: AuditNote) => Promise<void>;
  /** Whether Redis is known to keep what it is told. */
  mayOrder: () => boolean;
};

export type OperatorActs = {
  /** @param form what the person was shown and typed; @returns null = no such video */
  act(verb: Verb, videoId: string, form: URLSearchParams, by: string): Promise<Act | null>;
};

/** The verbs of a video's page, each noted in the audit log with the person's name. */
export function createOperatorActs(parts: OperatorActsParts): OperatorActs {
  const { ledger, operatorDesk, callerDesk, producer } = parts;

  async function operate(
    verb: OperatorVerb,
    before: Reading,
    standing: Standing | null,
    done: string,
  ): Promise<Act | null> {
    if (standing === null) return null;
    const videoId = before.record.id;
    if (standing.result === done) return { kind: "done", videoId };
    const reading = (await ledger.read(videoId)) ?? before;
    return refused(refusalOf(verb, standing, reading).detail);
  }

  async function cancel({ record, order }: Reading, by: string): Promise<Act> {
    const { result, phase } = await callerDesk.cancel(record.id, order);
    if (result !== "cancelled") {
      return refused(`The video is ${phase}, and may have been charged: it can no longer be cancelled.`);
    }
    await parts.noteAudit({ by, verb: "cancel", videoId: record.id });
    return { kind: "done", videoId: record.id };
  }

  async function orderAgain({ record, order }: Reading, key: string, by: string): Promise<Act> {
    if (!parts.mayOrder())
      return refused("Redis is not known to be safe for orders at this moment. Nothing was ordered.");
    if (key === "") return refused("Nothing was ordered: confirm it on its page.");
    const price = moneyText(record.priceMicros);
    // Before the order: what costs money never goes without a name.
    await parts.noteAudit({ by, verb: "order-again", videoId: record.id, details: { price, key } });
    const { origin: _, ...ordered } = order;
    const admission = await producer.orderVideo({
      // Once, for the price that was confirmed, and now.
      order: { ...ordered, max_charges: 1, delay_s: 0 },
      owner: record.owner,
      idempotencyKey: `order-again.${record.id}.${key}`,
    });
    switch (admission.kind) {
      case "admitted":
      case "replayed":
        return { kind: "done", videoId: admission.videoId };
      case "over_budget":
        return refused(`Today's budget has less than ${price} left. Nothing was ordered.`);
      case "conflict":
        return refused("Nothing was ordered: confirm it once more.");
    }
  }

  return {
    async act(verb, videoId, form, by) {
      const reading = await ledger.read(videoId);
      if (!reading) return null;
      switch (verb) {
        case "poll": {
          const standing = await operatorDesk.pollNow(videoId);
          const act = await operate("poll", reading, standing, "hurried");
          if (act?.kind === "done") await parts.noteAudit({ by, verb: "poll", videoId });
          return act;
        }
        case "rearchive":
          return await operate("rearchive", reading, await operatorDesk.rearchive(videoId, by), "requested");
        case "adopt": {
          const taskId = form.get("task_id")?.trim() ?? "";
          if (taskId === "") return refused("Name the task to adopt.");
          return await operate("adopt", reading, await operatorDesk.adopt(videoId, taskId, by), "requested");
        }
        case "release": {
          // What the form says is what the person agreed to; a record that has moved on since refuses it.
          const seen = Number(form.get("attempts"));
          const most = Number(form.get("max_charges"));
          if (!(seen > 0) || !(most > 0) || most > chargesAfterRelease(reading.record))
            return refused("Nothing was released: confirm it on its page.");
          return await operate(
            "release",
            reading,
            await operatorDesk.release(videoId, most, by, seen),
            "released",
          );
        }
        case "write-off":
          return await operate("write off", reading, await operatorDesk.writeOff(videoId, by), "written_off");
        case "cancel":
          return await cancel(reading, by);
        case "order-again":
          return await orderAgain(reading, form.get("key") ?? "", by);
      }
    },
  };
}

const refused = (because: string): Act => ({ kind: "refused", because });
