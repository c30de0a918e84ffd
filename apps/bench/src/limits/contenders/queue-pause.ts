import type { ContenderRecipe } from "../contender.ts";

/** Calls that may be without an answer at once. */
const OPEN = 10;
const PAUSE_MS = 10_000;

/** Stop the whole queue for ten seconds at each 429, or as long as `Retry-After` says. */
export const queuePause: ContenderRecipe = {
  name: "queue pause 10 s",
  create() {
    let pending = 0;
    let opensAtMs = 0;
    return {
      next(nowMs) {
        if (nowMs < opensAtMs) return opensAtMs;
        return pending < OPEN ? true : null;
      },
      sent() {
        pending += 1;
      },
      accepted() {
        pending -= 1;
      },
      refused(nowMs, _sentAtMs, { retryAfterMs }) {
        pending -= 1;
        opensAtMs = Math.max(opensAtMs, nowMs + (retryAfterMs ?? PAUSE_MS));
      },
      finished() {},
    };
  },
};
