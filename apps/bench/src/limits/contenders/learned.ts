import {
  createLimits,
  decide,
  describeLimits,
  noteAccepted,
  noteFinished,
  noteRefused,
  noteSent,
} from "@rushes/pipeline";
import type { ContenderRecipe } from "../contender.ts";

/** The controller of this project, the same function that production runs. */
export const learned: ContenderRecipe = {
  name: "learned (ours)",
  create(_account, random) {
    const state = createLimits();
    return {
      next(nowMs) {
        const decision = decide(state, { nowMs, random });
        return decision.go ? true : decision.untilMs;
      },
      sent: (nowMs) => noteSent(state, { nowMs, random }),
      accepted: (nowMs, sentAtMs) => noteAccepted(state, { nowMs, random }, sentAtMs),
      refused: (nowMs, sentAtMs, hint) => noteRefused(state, { nowMs, random }, sentAtMs, hint),
      finished: (nowMs, acceptedAtMs) => noteFinished(state, { nowMs, random }, acceptedAtMs),
      belief(nowMs) {
        const { limit, ratePerMinute } = describeLimits(state, { nowMs, random });
        return { limit: limit ?? Number.NaN, ratePerMinute: ratePerMinute ?? Number.NaN };
      },
    };
  },
};
