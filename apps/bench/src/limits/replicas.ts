import { createRandom } from "@rushes/test-rig";
import {
  createLimits,
  decide,
  noteAccepted,
  noteFinished,
  noteRefused,
  noteSent,
  type LimitState,
} from "@rushes/pipeline";
import type { Account } from "./account.ts";
import type { Hint } from "./contender.ts";
import { createEventQueue } from "./event-queue.ts";
import { createHiddenLimiter } from "./hidden-limiter.ts";
import { between } from "./random.ts";
import { seenAtMs, START_MS } from "./simulate.ts";

/** To Redis and back, and from the stored intent to the first byte of the POST. */
const REDIS_MS = [0.3, 3] as const;
const BEFORE_POST_MS = [0, 20] as const;
const BATCH_MS = 50;

type Happening =
  | { kind: "ask"; replica: number; turn: number }
  | { kind: "store"; replica: number; readVersion: number; readAtMs: number }
  | { kind: "arrives"; sentAtMs: number; answerAtMs: number }
  | { kind: "answered"; sentAtMs: number; endsAtMs: number | null; hint: Hint }
  | { kind: "ends" }
  | { kind: "seen"; acceptedAtMs: number }
  | { kind: "batch" };

/**
 * Several replicas and one stored state, as production has them: each reads it, decides, and stores it by
 * compare-and-set with the intent; whoever comes second reads again. Between deciding and sending, and between an answer
 * and its note, lies the network. Ends of tasks are noted in batches.
 */
export function simulateReplicas(
  account: Account,
  { replicas, seed, durationMs }: { replicas: number; seed: number; durationMs: number },
): { submits: number; accepted: number; refused: number; lostRaces: number } {
  const random = createRandom(seed * 4);
  const provider = createHiddenLimiter(account);
  const queue = createEventQueue<Happening>();
  const plan = (atMs: number, event: Happening) => queue.plan(atMs, event);
  const run = { submits: 0, accepted: 0, refused: 0, lostRaces: 0 };
  let state: LimitState = createLimits();
  let version = 0;
  let finished: number[] = [];
  /** A replica that waits for a time is woken sooner by an announcement: only its newest plan counts. */
  const turns = Array.from({ length: replicas }, () => 0);
  const busy = Array.from({ length: replicas }, () => false);

  const ask = (replica: number, atMs: number) => {
    const turn = (turns[replica] ?? 0) + 1;
    turns[replica] = turn;
    plan(atMs, { kind: "ask", replica, turn });
  };
  const store = (next: LimitState) => {
    state = JSON.parse(JSON.stringify(next)) as LimitState;
    version += 1;
  };
  const announce = (nowMs: number) => {
    for (let replica = 0; replica < replicas; replica += 1)
      if (!busy[replica]) ask(replica, nowMs + between(REDIS_MS, random));
  };

  function happen(nowMs: number, event: Happening): void {
    const context = { nowMs, random };
    switch (event.kind) {
      case "ask": {
        if (event.turn !== turns[event.replica]) return;
        const decision = decide(state, context);
        if (decision.go) {
          busy[event.replica] = true;
          plan(nowMs + between(REDIS_MS, random), {
            kind: "store",
            replica: event.replica,
            readVersion: version,
            readAtMs: nowMs,
          });
          return;
        }
        if (decision.untilMs !== null)
          ask(event.replica, Math.max(nowMs + 1, decision.untilMs) + between(REDIS_MS, random));
        return;
      }
      case "store": {
        busy[event.replica] = false;
        if (event.readVersion !== version) {
          run.lostRaces += 1;
          ask(event.replica, nowMs);
          return;
        }
        noteSent(state, { nowMs: event.readAtMs, random });
        store(state);
        run.submits += 1;
        const leavesMs = nowMs + between(BEFORE_POST_MS, random);
        const roundTripMs = between(account.roundTripMs, random);
        const answerAtMs = leavesMs + roundTripMs;
        plan(leavesMs + roundTripMs / 2, { kind: "arrives", sentAtMs: event.readAtMs, answerAtMs });
        ask(event.replica, nowMs + between(REDIS_MS, random));
        return;
      }
      case "arrives": {
        const { accepted, ...hint } = provider.submit(nowMs - START_MS);
        const endsAtMs = accepted ? nowMs + between(account.generationMs, random) : null;
        if (endsAtMs === null) run.refused += 1;
        else {
          run.accepted += 1;
          plan(endsAtMs, { kind: "ends" });
        }
        plan(event.answerAtMs + between(REDIS_MS, random), {
          kind: "answered",
          sentAtMs: event.sentAtMs,
          endsAtMs,
          hint,
        });
        return;
      }
      case "answered":
        if (event.endsAtMs === null) noteRefused(state, context, event.sentAtMs, event.hint);
        else {
          noteAccepted(state, context, event.sentAtMs);
          plan(seenAtMs(account, nowMs, event.endsAtMs), { kind: "seen", acceptedAtMs: nowMs });
        }
        store(state);
        announce(nowMs);
        return;
      case "ends":
        provider.taskEnded();
        return;
      case "seen":
        if (finished.length === 0) plan(nowMs + BATCH_MS * random(), { kind: "batch" });
        finished.push(event.acceptedAtMs);
        return;
      case "batch":
        for (const acceptedAtMs of finished) noteFinished(state, context, acceptedAtMs);
        finished = [];
        store(state);
        announce(nowMs);
    }
  }

  announce(START_MS);
  for (;;) {
    const next = queue.next();
    if (next === undefined || next.atMs > START_MS + durationMs) return run;
    happen(next.atMs, next.event);
  }
}
