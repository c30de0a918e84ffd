import { newsOf, summarize, type Order, type Standing, type WakeUp } from "@rushes/pipeline";
import type { Ledger, Replay } from "@rushes/ledger";
import type { WakeQueues } from "@rushes/queue";

/** What callers do to their own videos once they are ordered, with the wake-up that follows. */
export type CallerDesk = {
  cancel(videoId: string, order: Order): Promise<Standing>;
  /** Sends a webhook again, now, whatever became of it. `by` is named in the video's events. */
  replayDelivery(videoId: string, number: number, order: Order, by: string): Promise<Replay>;
};

export type CallerDeskOptions = {
  ledger: Pick<Ledger, "cancel" | "deliveries">;
  queues: Pick<WakeQueues, "wake">;
  /** Told when a wake-up could not be added; what was asked for is done, and the sweep makes up for the rest. */
  onProblem: (error: unknown, videoId: string) => void;
};

export function createCallerDesk({ ledger, queues, onProblem }: CallerDeskOptions): CallerDesk {
  async function wake(videoId: string, wakeUps: readonly WakeUp[]): Promise<void> {
    try {
      await queues.wake(wakeUps);
    } catch (error) {
      onProblem(error, videoId);
    }
  }

  return {
    async cancel(videoId, order) {
      const standing = await ledger.cancel(videoId);
      await wake(videoId, newsOf(videoId, standing, order));
      return standing;
    },

    async replayDelivery(videoId, number, order, by) {
      const replay = await ledger.deliveries.replay(videoId, number, by);
      if (replay.result === "replayed") {
        const about = summarize(order);
        const { wake: rev } = replay;
        await wake(videoId, [{ stage: "notify", videoId, rev, delivery: number, delayMs: 0, about }]);
      }
      return replay;
    },
  };
}
