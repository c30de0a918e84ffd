import { DefaultRateLimiter } from "@smithy/core/retry";
import type { ContenderRecipe } from "../contender.ts";

/** Calls that may be without an answer at once: the SDK's own number of sockets. */
const OPEN = 50;

/**
 * The AWS SDK's limiter of retry mode `adaptive`, from its own package, in one process. Its clock and its timer are
 * replaced by virtual ones, nothing else: a token that is not there yet shows as a timer, and is asked for again then.
 */
export const awsAdaptive: ContenderRecipe = {
  name: "AWS SDK adaptive",
  create() {
    let clockMs = 0;
    let delayMs: number | null = null;
    Object.defineProperty(DefaultRateLimiter.prototype, "getCurrentTimeInSeconds", {
      configurable: true,
      value: () => clockMs / 1000,
    });
    Object.defineProperty(DefaultRateLimiter, "setTimeoutFn", {
      configurable: true,
      value: (_resolve: () => void, delay: number) => {
        delayMs = delay;
      },
    });
    const limiter = new DefaultRateLimiter();
    let pending = 0;
    return {
      next(nowMs) {
        clockMs = nowMs;
        if (pending >= OPEN) return null;
        delayMs = null;
        // Without a timer the token was taken within this call.
        void limiter.getSendToken();
        return delayMs === null ? true : nowMs + Math.max(1, Math.ceil(delayMs));
      },
      sent() {
        pending += 1;
      },
      accepted(nowMs) {
        clockMs = nowMs;
        pending -= 1;
        limiter.updateClientSendingRate({});
      },
      refused(nowMs) {
        clockMs = nowMs;
        pending -= 1;
        limiter.updateClientSendingRate({ errorType: "THROTTLING" });
      },
      finished() {},
    };
  },
};
