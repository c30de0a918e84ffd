import { newsOf, summarize, type AttemptKey, type Origin, type Phase, type Standing } from "@rushes/pipeline";
import type { Ledger } from "@rushes/ledger";
import type { WakeQueues } from "@rushes/queue";

export type TakenCallback = {
  result: string;
  phase: Phase | null;
  recovered: boolean;
  /** Where its video was ordered; missing where it is nobody's. */
  origin?: Origin | undefined;
};

export type CallbackTaker = {
  /**
   * Records what a callback says of an attempt whose token it carried: that the task exists, and that it has news. Never
   * that it ended: only `statusTask` is believed there. Once this resolves, the callback need not come again.
   *
   * @param taskId as the callback names it; null when it names none
   * @returns the ledger's word for it: `accepted` and `restored` brought a task back whose answer was lost, `hurried` woke
   *   the poll, `known` and `stale` changed nothing, `extra` and `stray` are charges too many, `no_record` is nobody's
   *   `recovered`: the answer to the submission had been lost, and this callback brought its task back.
   * @throws when Redis does not answer
   */
  takeCallback(attempt: AttemptKey, taskId: string | null): Promise<TakenCallback>;
};

export type CallbackTakerOptions = {
  ledger: Pick<Ledger, "learnAnswer" | "hurryLook" | "read">;
  queues: Pick<WakeQueues, "wake">;
};

export function createCallbackTaker({ ledger, queues }: CallbackTakerOptions): CallbackTaker {
  async function learn(attempt: AttemptKey, taskId: string): Promise<Standing> {
    const learned = await ledger.learnAnswer(attempt, { fact: "accepted", taskId, firstLookMs: 0 });
    if (learned.result !== "known") return learned;
    return await ledger.hurryLook(attempt, taskId);
  }

  return {
    async takeCallback(attempt, taskId) {
      const reading = await ledger.read(attempt.videoId);
      if (!reading) return { result: "no_record", phase: null, recovered: false };
      const { phase: phaseBefore } = reading.record;
      const named = taskId ?? reading.record.attempts[attempt.number - 1]?.taskId;
      const { origin } = reading.order;
      if (!named) return { result: "stale", phase: phaseBefore, recovered: false, origin };
      const standing = await learn(attempt, named);
      if (WAKES_POLL.has(standing.result) && standing.phase === "generating") {
        const about = summarize(reading.order, named);
        await queues.wake([
          { stage: "poll", videoId: attempt.videoId, rev: standing.wake, delayMs: 0, about },
        ]);
      }
      await queues.wake(newsOf(attempt.videoId, standing, reading.order));
      const wasLost = phaseBefore === "unconfirmed" || phaseBefore === "queued";
      return {
        result: standing.result,
        phase: standing.phase,
        recovered: wasLost && standing.phase === "generating",
        origin,
      };
    },
  };
}

const WAKES_POLL: ReadonlySet<string> = new Set([
  "accepted",
  "accepted_after_refusal",
  "restored",
  "hurried",
  "rebound",
]);
