import { summarize, type Order } from "@rushes/pipeline";
import type { Admission, BatchAdmission, Ledger } from "@rushes/ledger";
import type { WakeQueues } from "@rushes/queue";
import { createVideoId, createVideoIds } from "./video-ids.ts";

export type OrderVideoRequest = { order: Order; owner: string; idempotencyKey: string | null };
/** 1 to `MOST_IN_BATCH` orders; their videos stand in line in this order. */
export type OrderBatchRequest = { orders: readonly Order[]; owner: string; idempotencyKey: string | null };

export type Producer = {
  /**
   * Admits one order and wakes the submit stage. Once this resolves with `admitted`, the order is safe: if the wake-up
   * could not be added, the sweep makes up for it within seconds.
   *
   * @throws when Redis does not answer. The order may have been admitted all the same, so the caller repeats with the
   *   same idempotency key.
   */
  orderVideo(request: OrderVideoRequest): Promise<Admission>;
  /** The same for many: all of them, or none. */
  orderBatch(request: OrderBatchRequest): Promise<BatchAdmission>;
};

export type ProducerOptions = {
  ledger: Pick<Ledger, "admit" | "admitBatch">;
  queues: Pick<WakeQueues, "wake">;
  /** Told when wake-ups could not be added; the orders stand. Of a batch the first video without one is named. */
  onProblem: (error: unknown, videoId: string) => void;
};

/** BullMQ adds the jobs of one call in one transaction, and Redis serves nobody else meanwhile. */
const WAKE_UPS_AT_ONCE = 100;

export function createProducer({ ledger, queues, onProblem }: ProducerOptions): Producer {
  async function wake(videos: readonly { videoId: string; order: Order }[], rev: number): Promise<void> {
    const wakeUps = videos.map(({ videoId, order }) => ({
      stage: "submit" as const,
      videoId,
      rev,
      delayMs: order.delay_s * 1000,
      about: summarize(order),
    }));
    const calls: Promise<void>[] = [];
    // One does not wait for the other: the next is made while Redis works at the last.
    for (let from = 0; from < wakeUps.length; from += WAKE_UPS_AT_ONCE) {
      calls.push(queues.wake(wakeUps.slice(from, from + WAKE_UPS_AT_ONCE)));
    }
    const failed = (await Promise.allSettled(calls)).findIndex(({ status }) => status === "rejected");
    if (failed < 0) return;
    await calls[failed]?.catch((error: unknown) => {
      onProblem(error, String(wakeUps[failed * WAKE_UPS_AT_ONCE]?.videoId));
    });
  }

  return {
    async orderVideo({ order, owner, idempotencyKey }) {
      const videoId = createVideoId();
      const admission = await ledger.admit({ videoId, owner, idempotencyKey, order });
      if (admission.kind === "admitted") await wake([{ videoId, order }], admission.wake);
      return admission;
    },

    async orderBatch({ orders, owner, idempotencyKey }) {
      const ids = createVideoIds(orders.length);
      const videos = orders.map((order, index) => ({ videoId: String(ids[index]), order }));
      const admission = await ledger.admitBatch({ videos, owner, idempotencyKey });
      if (admission.kind === "admitted") await wake(videos, admission.wake);
      return admission;
    },
  };
}
