import { ulid } from "ulid";
import { summarize, type Order } from "@rushes/pipeline";
import type { Admission, Ledger } from "@rushes/ledger";
import type { WakeQueues } from "@rushes/queue";

export type OrderVideoRequest = { order: Order; owner: string; idempotencyKey: string | null };

export type Producer = {
  /**
   * Admits one order and wakes the submit stage. Once this resolves with `admitted`, the order is safe: if the wake-up
   * could not be added, the sweep makes up for it within seconds.
   *
   * @throws when Redis does not answer. The order may have been admitted all the same, so the caller repeats with the
   *   same idempotency key.
   */
  orderVideo(request: OrderVideoRequest): Promise<Admission>;
};

export type ProducerOptions = {
  ledger: Pick<Ledger, "admit">;
  queues: Pick<WakeQueues, "wake">;
  /** Told when a wake-up could not be added; the order stands. */
  onProblem: (error: unknown, videoId: string) => void;
};

export function createProducer({ ledger, queues, onProblem }: ProducerOptions): Producer {
  return {
    async orderVideo({ order, owner, idempotencyKey }) {
      const admission = await ledger.admit({ videoId: createVideoId(), owner, idempotencyKey, order });
      if (admission.kind === "admitted") {
        const { videoId, wake: rev } = admission;
        const delayMs = order.delay_s * 1000;
        try {
          await queues.wake([{ stage: "submit", videoId, rev, delayMs, about: summarize(order) }]);
        } catch (error) {
          onProblem(error, videoId);
        }
      }
      return admission;
    },
  };
}

/** Sorts by time of making; 80 random bits make it unguessable. */
function createVideoId(): string {
  return `vid_${ulid().toLowerCase()}`;
}
