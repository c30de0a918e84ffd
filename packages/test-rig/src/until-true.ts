import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";

export type UntilTrueOptions = {
  /** How long to go on; generous, for a busy machine is not a failure. */
  timeoutMs?: number;
  everyMs?: number;
};

const TIMEOUT_MS = 20_000;
const EVERY_MS = 20;

/**
 * Waits for a condition instead of sleeping and hoping. `check` answers `true` once it holds, and anything else for
 * the state it sees now: the phase, a count, a sentence. A check that throws counts as a state too, so that it may
 * ask a server that is not up yet.
 *
 * @throws Error that tells the last state, when the time is over.
 */
export async function untilTrue(check: () => unknown, options: UntilTrueOptions = {}): Promise<void> {
  const { timeoutMs = TIMEOUT_MS, everyMs = EVERY_MS } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const state = await stateOf(check);
    if (state.holds) return;
    if (performance.now() >= deadline) {
      throw new Error(`waited ${timeoutMs} ms for a condition; the last state was: ${state.words}`);
    }
    await sleep(everyMs);
  }
}

async function stateOf(check: () => unknown): Promise<{ holds: true } | { holds: false; words: string }> {
  try {
    const answer = await check();
    if (answer === true) return { holds: true };
    return { holds: false, words: typeof answer === "string" ? answer : inspect(answer, { depth: 4 }) };
  } catch (error) {
    return { holds: false, words: `the check threw ${String(error)}` };
  }
}
