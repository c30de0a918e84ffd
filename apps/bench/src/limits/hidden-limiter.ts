import { type Account, type RateLimit, valueAt } from "./account.ts";

const MINUTE_MS = 60_000;

export type Verdict =
  | { accepted: true }
  | { accepted: false; retryAfterMs?: number; reason?: "rate" | "concurrency" };

/** The provider's side: what it counts and when it refuses. The window is checked before the tasks in flight. */
export type HiddenLimiter = {
  submit(atMs: number): Verdict;
  taskEnded(): void;
  inFlight(): number;
};

export function createHiddenLimiter(account: Account): HiddenLimiter {
  const window = createWindow();
  let running = 0;

  function refuse(reason: "rate" | "concurrency", retryAfterMs: number | undefined): Verdict {
    const { hints } = account;
    const time = retryAfterMs !== undefined && (hints === "retry-after" || hints === "both");
    return {
      accepted: false,
      // Whole seconds, rounded up, as the header has them.
      ...(time ? { retryAfterMs: Math.ceil(retryAfterMs / 1000) * 1000 } : {}),
      ...(hints === "reason" || hints === "both" ? { reason } : {}),
    };
  }

  return {
    submit(atMs) {
      const rate = valueAt(account.rate, atMs);
      const places = valueAt(account.concurrency, atMs);
      const freeInMs = rate === null ? 0 : window.freeInMs(atMs, rate);
      const full = places !== null && running >= places;
      if (rate !== null && (account.refusalsCount || (freeInMs <= 0 && !full))) window.count(atMs, rate);
      if (freeInMs > 0) return refuse("rate", freeInMs);
      if (full) return refuse("concurrency", undefined);
      running += 1;
      return { accepted: true };
    },
    taskEnded() {
      running -= 1;
    },
    inFlight: () => running,
  };
}

/** All three ways of counting at once, so that a course may switch between them. */
function createWindow() {
  const counted: number[] = [];
  let head = 0;
  let minute = -1;
  let inMinute = 0;
  let tokens = Number.POSITIVE_INFINITY;
  let tokensAtMs = 0;

  function refill(atMs: number, { perMinute, burst }: RateLimit): void {
    tokens = Math.min(burst, tokens + ((atMs - tokensAtMs) * perMinute) / MINUTE_MS);
    tokensAtMs = atMs;
  }

  function sweep(atMs: number): void {
    while ((counted[head] ?? Number.POSITIVE_INFINITY) <= atMs - MINUTE_MS) head += 1;
    const current = Math.floor(atMs / MINUTE_MS);
    if (current !== minute) [minute, inMinute] = [current, 0];
  }

  return {
    /** Zero when one more fits now. */
    freeInMs(atMs: number, rate: RateLimit): number {
      sweep(atMs);
      switch (rate.kind) {
        case "sliding": {
          const leaves = counted[counted.length - rate.perMinute];
          return counted.length - head < rate.perMinute ? 0 : (leaves ?? atMs) + MINUTE_MS - atMs;
        }
        case "fixed":
          return inMinute < rate.perMinute ? 0 : (minute + 1) * MINUTE_MS - atMs;
        case "bucket":
          refill(atMs, rate);
          return tokens >= 1 ? 0 : ((1 - tokens) * MINUTE_MS) / rate.perMinute;
      }
    },
    count(atMs: number, rate: RateLimit): void {
      sweep(atMs);
      refill(atMs, rate);
      counted.push(atMs);
      inMinute += 1;
      tokens = Math.max(0, tokens - 1);
    },
  };
}
