import { setTimeout as sleep } from "node:timers/promises";

/** The clock of a run's plan. It stands still while the system is not able to take the next blow. */
export type Pace = {
  /** Resolves when the plan's clock shows this time. */
  until(atMs: number): Promise<void>;
  /** Stops the clock until the condition holds, at most so long. */
  holdUntil(condition: () => boolean, atMostMs: number): Promise<void>;
};

const LOOK_EVERY_MS = 50;

/** Orders and faults of one plan share one pace, so that they meet on a busy machine as they do on an idle one. */
export function startPace(): Pace {
  const startedAt = performance.now();
  let heldMs = 0;
  let heldSince: number | null = null;
  const elapsedMs = (): number => (heldSince ?? performance.now()) - startedAt - heldMs;
  return {
    async until(atMs) {
      for (;;) {
        const leftMs = atMs - elapsedMs();
        if (leftMs <= 0) return;
        await sleep(heldSince === null ? Math.min(leftMs, LOOK_EVERY_MS) : LOOK_EVERY_MS);
      }
    },
    async holdUntil(condition, atMostMs) {
      const since = performance.now();
      heldSince ??= since;
      while (!condition() && performance.now() - since < atMostMs) await sleep(LOOK_EVERY_MS);
      heldMs += performance.now() - heldSince;
      heldSince = null;
    },
  };
}
