import type { Redis } from "ioredis";
import type { Ledger } from "./ledger.ts";
import type { AccountLimits } from "./limit-book.ts";
import type { LineClaim } from "./limited-claims.ts";

/**
 * Ask again at least this often: a message is lost when the connection is, and nothing at all is announced when a lease
 * of a vanished worker expires. Between, waiting costs Redis nothing.
 */
const ASK_AGAIN_MS = 30_000;
/** Redis and this process round differently; without it the first question after a pause could come just too early. */
const SLACK_MS = 5;

export type ClaimedPlace = Extract<LineClaim, { kind: "claimed" }> & {
  /** Whether the POST may still start: long after the intent, its deadline would pass before the answer came. */
  maySend: () => boolean;
};

export type PlaceGate = {
  /** The head of the line with a place, waiting as long as it takes. `stopped`: the signal was aborted first. */
  claim(signal: AbortSignal): Promise<ClaimedPlace | { kind: "idle" } | { kind: "stopped" }>;
  stop(): Promise<void>;
};

export type PlaceGateOptions = {
  ledger: Pick<Ledger, "claimSubmission" | "readTime">;
  /** A connection of its own, which the gate subscribes and the caller closes. */
  subscriber: Redis;
  prefix: string;
  accounts: readonly AccountLimits[];
  /** How long after the intent a POST may start. */
  sendWithinMs: number;
  monotonicMs: () => number;
  /** Ask again at least this often while there is no place; 30 s unless given, less in scaled time. */
  askAgainMs?: number;
  onProblem: (error: Error) => void;
};

type Waiter = {
  signal: AbortSignal;
  resolve: (claim: Given) => void;
  reject: (reason: unknown) => void;
};

type Given = Awaited<ReturnType<PlaceGate["claim"]>>;

/**
 * The turns of one process stand here in order and ask Redis together, each time that a place may have become free: the
 * end of any task and every answer are announced on a channel, or the known time has come. Between, waiting costs nothing.
 */
export function startPlaceGate(options: PlaceGateOptions): PlaceGate {
  const { ledger, subscriber, accounts, sendWithinMs, monotonicMs, askAgainMs = ASK_AGAIN_MS } = options;
  const channel = `${options.prefix}:places`;
  let waiters: Waiter[] = [];
  let isServing = false;
  let announced = 0;
  let wake: (() => void) | undefined;
  const onMessage = (): void => {
    announced += 1;
    wake?.();
  };
  subscriber.on("message", onMessage);
  // While Redis is away this waits with the connection; until then claims ask by themselves often enough.
  subscriber.subscribe(channel).catch(options.onProblem);

  async function ask(): Promise<LineClaim | ClaimedPlace> {
    const askedMs = monotonicMs();
    const claim = await ledger.claimSubmission(accounts);
    if (claim.kind !== "claimed") return claim;
    return { ...claim, maySend: () => monotonicMs() - askedMs < sendWithinMs };
  }

  /** Asks for all who wait; the claims go to those who came first. */
  async function serveWaiting(): Promise<{ isShort: boolean; untilMs: number | null }> {
    const asking = waiters;
    const answers = await Promise.allSettled(asking.map(() => ask()));
    const served = new Set<Waiter>();
    const give = (act: (waiter: Waiter) => void): void => {
      const next = asking.find((waiter) => !served.has(waiter));
      if (!next) return;
      served.add(next);
      act(next);
    };
    let untilMs: number | null = null;
    let isShort = false;
    // Whoever was told to stop meanwhile takes a claim all the same: it is an intent, and nobody else knows of it.
    for (const answer of answers) {
      if (answer.status === "fulfilled" && answer.value.kind === "claimed") {
        const claim = answer.value as ClaimedPlace;
        give(({ resolve }) => resolve(claim));
      }
    }
    for (const answer of answers) {
      if (answer.status === "rejected") give(({ reject }) => reject(answer.reason));
      else if (answer.value.kind === "idle") give(({ resolve }) => resolve({ kind: "idle" }));
      else if (answer.value.kind === "no_place") {
        isShort = true;
        const again = answer.value.untilMs;
        if (again !== null) untilMs = Math.min(untilMs ?? again, again);
      }
    }
    waiters = waiters.filter((waiter) => !served.has(waiter));
    return { isShort, untilMs };
  }

  function dismissStopped(): void {
    for (const { signal, resolve } of waiters) if (signal.aborted) resolve({ kind: "stopped" });
    waiters = waiters.filter(({ signal }) => !signal.aborted);
  }

  async function serve(): Promise<void> {
    isServing = true;
    try {
      for (dismissStopped(); waiters.length > 0; dismissStopped()) {
        const announcedBefore = announced;
        const { isShort, untilMs } = await serveWaiting();
        // Who came while we asked may find a place, and one that became free meanwhile will not be announced again.
        if (!isShort || announced !== announcedBefore) continue;
        const waitMs = untilMs === null ? askAgainMs : untilMs - (await ledger.readTime()) + SLACK_MS;
        if (announced === announcedBefore)
          await placeMayBeFree(Math.min(Math.max(waitMs, SLACK_MS), askAgainMs));
      }
    } catch (error) {
      for (const { reject } of waiters) reject(error);
      waiters = [];
    } finally {
      isServing = false;
    }
  }

  async function placeMayBeFree(atMostMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, atMostMs);
    wake = resolve;
    await promise;
    clearTimeout(timer);
    wake = undefined;
  }

  return {
    claim(signal) {
      if (signal.aborted) return Promise.resolve({ kind: "stopped" });
      return new Promise((resolve, reject) => {
        const stop = (): void => wake?.();
        const settled =
          <Value>(settle: (value: Value) => void) =>
          (value: Value): void => {
            signal.removeEventListener("abort", stop);
            settle(value);
          };
        signal.addEventListener("abort", stop, { once: true });
        waiters.push({ signal, resolve: settled(resolve), reject: settled(reject) });
        // What is asked for in one turn of the event loop is asked together; while places are short nobody asks alone.
        if (!isServing && waiters.length === 1) process.nextTick(() => void serve());
      });
    },
    async stop() {
      subscriber.off("message", onMessage);
      await subscriber.unsubscribe(channel).catch(() => {});
    },
  };
}
