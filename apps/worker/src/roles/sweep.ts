import { setTimeout as sleep } from "node:timers/promises";
import type { Role, RoleParts } from "../role.ts";
import { createOperatorDesk } from "@rushes/producer";
import { sweepOnce } from "../sweep-once.ts";
import { sweepOutbox } from "../sweep-outbox.ts";
import { sweepWatched } from "../sweep-watched.ts";

const FORGET_BATCH = 200;
/** One of all sweepers notes how the limits stand, for the board. */
const SAMPLE_EVERY_MS = 5_000;

/** Wakes records whose job was lost, and forgets those whose time is over. Any number of sweepers is safe. */
export const startSweepRole: Role = async (parts: RoleParts) => {
  const stopping = new AbortController();
  const keepMs = parts.common.RECORD_DAYS * 24 * 3600 * 1000;

  const desk = createOperatorDesk(parts);
  const { UNCONFIRMED_POLICY, UNCONFIRMED_AFTER_MS } = parts.common;

  async function sweepOn(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const woken = await sweepOnce(parts);
        await sweepWatched(parts);
        const told = await sweepOutbox(parts);
        const settled = await desk.settleUnconfirmed(UNCONFIRMED_POLICY, UNCONFIRMED_AFTER_MS);
        if (settled > 0)
          parts.logger.warn(
            { settled, policy: UNCONFIRMED_POLICY },
            "unconfirmed videos were settled by the policy",
          );
        const forgotten = await parts.ledger.forgetEnded(keepMs, FORGET_BATCH);
        // A full batch means that more is waiting.
        if (woken.isFull || told.isFull || forgotten === FORGET_BATCH) continue;
      } catch (error) {
        parts.onProblem(error as Error);
      }
      await sleep(parts.common.SWEEP_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  async function sampleOn(): Promise<void> {
    while (!stopping.signal.aborted) {
      await parts.ledger.limits.sample(SAMPLE_EVERY_MS).catch(parts.onProblem);
      await sleep(SAMPLE_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const sweeping = Promise.all([sweepOn(), sampleOn()]);
  return {
    name: "sweep",
    isAlive: () => true,
    async stop() {
      stopping.abort();
      await sweeping;
    },
  };
};
