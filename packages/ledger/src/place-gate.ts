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

type Asked = LineClaim | { kind: "stopped" };

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

/**
 * While there are places, turns ask side by side. Once there is none, the turns of one process wait here in order, and
 * only the first of them asks Redis: when a place may have become free (the end of any task is announced on a channel)
 * or the known time has come.
 */
export function startPlaceGate(options: PlaceGateOptions): PlaceGate {
  const { ledger, subscriber, accounts, sendWithinMs, monotonicMs, askAgainMs = ASK_AGAIN_MS } = options;
  const channel = `${options.prefix}:places`;
  let announced = 0;
  let wakeFirst: (() => void) | undefined;
  const onMessage = (): void => {
    announced += 1;
    wakeFirst?.();
  };
  subscriber.on("message", onMessage);
  // While Redis is away this waits with the connection; until then claims ask by themselves often enough.
  subscriber.subscribe(channel).catch(options.onProblem);

  async function ask(signal: AbortSignal): Promise<ClaimedPlace | Exclude<Asked, { kind: "claimed" }>> {
    if (signal.aborted) return { kind: "stopped" };
    const askedMs = monotonicMs();
    const claim = await ledger.claimSubmission(accounts);
    if (claim.kind !== "claimed") return claim;
    return { ...claim, maySend: () => monotonicMs() - askedMs < sendWithinMs };
  }

  async function waitForPlace(signal: AbortSignal): ReturnType<PlaceGate["claim"]> {
    for (;;) {
      const announcedBefore = announced;
      const claim = await ask(signal);
      if (claim.kind !== "no_place") return claim;
      const waitMs =
        claim.untilMs === null ? askAgainMs : claim.untilMs - (await ledger.readTime()) + SLACK_MS;
      // A place that became free while we asked will not be announced again.
      if (announced === announcedBefore)
        await placeMayBeFree(Math.min(Math.max(waitMs, SLACK_MS), askAgainMs), signal);
    }
  }

  async function placeMayBeFree(atMostMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, atMostMs);
    const stop = (): void => resolve();
    signal.addEventListener("abort", stop, { once: true });
    wakeFirst = resolve;
    await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }

  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  async function standInOrder(signal: AbortSignal): ReturnType<PlaceGate["claim"]> {
    waiting += 1;
    const turn = last.then(() => waitForPlace(signal));
    last = turn.catch(() => {});
    return await turn.finally(() => {
      waiting -= 1;
    });
  }

  return {
    async claim(signal) {
      if (waiting > 0) return await standInOrder(signal);
      const claim = await ask(signal);
      return claim.kind === "no_place" ? await standInOrder(signal) : claim;
    },
    async stop() {
      subscriber.off("message", onMessage);
      await subscriber.unsubscribe(channel).catch(() => {});
    },
  };
}
