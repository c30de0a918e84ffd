import { createRandom } from "@rushes/test-rig";
import type { Account } from "./account.ts";
import type { ContenderRecipe, Hint } from "./contender.ts";
import { createEventQueue } from "./event-queue.ts";
import { createHiddenLimiter } from "./hidden-limiter.ts";
import { between } from "./random.ts";

export type Moment = {
  atMs: number;
  /** As the provider counts. */
  inFlight: number;
  acceptedLastMinute: number;
  limit: number;
  ratePerMinute: number;
};

export type Run = {
  submits: number;
  accepted: number;
  refused: number;
  acceptedAtMs: number[];
  refusedAtMs: number[];
  moments: Moment[];
};

type Happening =
  | { kind: "arrives"; sentAtMs: number; answerAtMs: number }
  | { kind: "accepted"; sentAtMs: number; endsAtMs: number }
  | { kind: "refused"; sentAtMs: number; hint: Hint }
  | { kind: "ends" }
  | { kind: "seen"; acceptedAtMs: number }
  | { kind: "wake" }
  | { kind: "look-in" };

/** Where virtual time begins: late enough that nobody mistakes the first moment for "never". */
export const START_MS = 600_000;

/**
 * One account, one contender, an endless queue of orders. Exact and repeatable: the same seed gives the same run.
 *
 * @param momentsEveryMs how often to note the state for a plot; 0 = never
 */
export function simulate(
  account: Account,
  recipe: ContenderRecipe,
  { seed, durationMs, momentsEveryMs = 0 }: { seed: number; durationMs: number; momentsEveryMs?: number },
): Run {
  const travel = createRandom(seed * 4 + 1);
  const generation = createRandom(seed * 4 + 2);
  const contender = recipe.create(account, createRandom(seed * 4 + 3));
  const provider = createHiddenLimiter(account);
  const queue = createEventQueue<Happening>();
  const run: Run = { submits: 0, accepted: 0, refused: 0, acceptedAtMs: [], refusedAtMs: [], moments: [] };
  const plan = (atMs: number, event: Happening) => queue.plan(atMs, event);
  let wakeAtMs = Number.POSITIVE_INFINITY;

  function submitWhileAllowed(nowMs: number): void {
    for (;;) {
      const next = contender.next(nowMs);
      if (next === true) {
        run.submits += 1;
        contender.sent(nowMs);
        const roundTripMs = between(account.roundTripMs, travel);
        plan(nowMs + roundTripMs / 2, {
          kind: "arrives",
          sentAtMs: nowMs,
          answerAtMs: nowMs + roundTripMs,
        });
        continue;
      }
      if (next !== null && next < wakeAtMs) {
        wakeAtMs = Math.max(next, nowMs + 1);
        plan(wakeAtMs, { kind: "wake" });
      }
      return;
    }
  }

  function happen(nowMs: number, event: Happening): void {
    switch (event.kind) {
      case "arrives": {
        const verdict = provider.submit(nowMs - START_MS);
        const { sentAtMs, answerAtMs } = event;
        if (verdict.accepted) {
          run.accepted += 1;
          run.acceptedAtMs.push(nowMs - START_MS);
          const endsAtMs = nowMs + between(account.generationMs, generation);
          plan(endsAtMs, { kind: "ends" });
          plan(answerAtMs, { kind: "accepted", sentAtMs, endsAtMs });
        } else {
          run.refused += 1;
          run.refusedAtMs.push(nowMs - START_MS);
          const { accepted: _, ...hint } = verdict;
          plan(answerAtMs, { kind: "refused", sentAtMs, hint });
        }
        return;
      }
      case "accepted":
        contender.accepted(nowMs, event.sentAtMs);
        plan(seenAtMs(account, nowMs, event.endsAtMs), { kind: "seen", acceptedAtMs: nowMs });
        return;
      case "refused":
        contender.refused(nowMs, event.sentAtMs, event.hint);
        return;
      case "ends":
        provider.taskEnded();
        return;
      case "seen":
        contender.finished(nowMs, event.acceptedAtMs);
        return;
      case "wake":
        if (nowMs >= wakeAtMs) wakeAtMs = Number.POSITIVE_INFINITY;
        return;
      case "look-in": {
        const belief = contender.belief?.(nowMs);
        const atMs = nowMs - START_MS;
        let acceptedLastMinute = 0;
        for (let i = run.acceptedAtMs.length - 1; i >= 0; i -= 1) {
          if ((run.acceptedAtMs[i] ?? 0) <= atMs - 60_000) break;
          acceptedLastMinute += 1;
        }
        run.moments.push({
          atMs,
          inFlight: provider.inFlight(),
          acceptedLastMinute,
          limit: belief?.limit ?? Number.NaN,
          ratePerMinute: belief?.ratePerMinute ?? Number.NaN,
        });
        plan(nowMs + momentsEveryMs, event);
      }
    }
  }

  plan(START_MS, { kind: "wake" });
  if (momentsEveryMs > 0) plan(START_MS, { kind: "look-in" });
  for (;;) {
    const next = queue.next();
    if (next === undefined || next.atMs > START_MS + durationMs) return run;
    happen(next.atMs, next.event);
    if (next.event.kind !== "arrives" && next.event.kind !== "ends" && next.event.kind !== "look-in")
      submitWhileAllowed(next.atMs);
  }
}

/** When the client learns of an end: at the next look, or by the callback. */
export function seenAtMs({ finish }: Account, answeredAtMs: number, endsAtMs: number): number {
  if (finish.by === "callback") return Math.max(answeredAtMs, endsAtMs + finish.afterMs);
  const looks = Math.max(0, Math.ceil((endsAtMs - answeredAtMs - finish.firstMs) / finish.everyMs));
  return answeredAtMs + finish.firstMs + looks * finish.everyMs;
}
