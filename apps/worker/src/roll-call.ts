import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { WorkerRoll } from "@rushes/ledger";

/** The board calls a worker missing that was silent for several of these. */
const SIGN_EVERY_MS = 10_000;

/** Leaving the roll is a courtesy: nobody waits long for it where Redis is away. */
const LEAVE_WITHIN_MS = 1_000;

export type RollCall = {
  /** Takes this process off the roll, if Redis is there. */
  stop(): Promise<void>;
};

/**
 * Tells the operators' board that this process is there. By itself, not by BullMQ's list of clients: that one knows no
 * sweepers, says nothing of loops that are stuck, and is closed on some hosted Redis.
 *
 * @param aliveRoles the roles whose loops turn now
 */
export function startRollCall(
  roll: WorkerRoll,
  aliveRoles: () => readonly string[],
  onProblem: (error: unknown) => void,
): RollCall {
  const stopping = new AbortController();
  const place = `${hostname()}:${process.pid}`;

  async function signOn(): Promise<void> {
    while (!stopping.signal.aborted) {
      await roll.sign({ place, roles: aliveRoles() }).catch(onProblem);
      await sleep(SIGN_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const signing = signOn();
  return {
    async stop() {
      stopping.abort();
      const left = signing.then(() => roll.leave()).catch(onProblem);
      await Promise.race([left, sleep(LEAVE_WITHIN_MS)]);
    },
  };
}
