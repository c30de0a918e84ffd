import { valueAt } from "../account.ts";
import type { ContenderRecipe } from "../contender.ts";
import { START_MS } from "../simulate.ts";

/** What a careful client leaves for travel time: a call may arrive sooner after its predecessor than it was sent. */
const GUARD_MS = 600;
const MINUTE_MS = 60_000;

/**
 * Somebody told it both limits, their kind, and at once every change of them. It keeps them by its own books, as anybody
 * must: a place is free when the end of its task was seen, a slot when its minute and the travel time are over.
 */
export const knownLimits: ContenderRecipe = {
  name: "limits known",
  create(account) {
    const sends: number[] = [];
    let inFlight = 0;
    let full = 0; // when the bucket, as far as we used it, is full again
    return {
      next(nowMs) {
        const places = valueAt(account.concurrency, nowMs - START_MS);
        if (places !== null && inFlight >= places) return null;
        const rate = valueAt(account.rate, nowMs - START_MS);
        if (rate === null) return true;
        if (rate.kind === "bucket") {
          const tokenMs = MINUTE_MS / rate.perMinute;
          // A token less than there is, for the travel time.
          const room = (rate.burst - 1) * tokenMs - Math.min(GUARD_MS, ((rate.burst - 1) * tokenMs) / 2);
          return full - room <= nowMs ? true : full - room;
        }
        const oldest = sends[sends.length - rate.perMinute];
        const opens = oldest === undefined ? nowMs : oldest + MINUTE_MS + GUARD_MS;
        return opens <= nowMs ? true : opens;
      },
      sent(nowMs) {
        inFlight += 1;
        sends.push(nowMs);
        const rate = valueAt(account.rate, nowMs - START_MS);
        if (rate?.kind === "bucket") full = Math.max(full, nowMs) + MINUTE_MS / rate.perMinute;
      },
      accepted() {},
      refused() {
        inFlight -= 1;
      },
      finished() {
        inFlight -= 1;
      },
    };
  },
};
