import type { Account } from "./account.ts";
import type { ContenderRecipe } from "./contender.ts";
import { knownLimits } from "./contenders/known-limits.ts";
import { simulate } from "./simulate.ts";

export const TWO_HOURS_MS = 7_200_000;
/** A raise shall be found within this: what the bound on waste is reckoned with. */
const FIND_WITHIN_S = 240;

export type Score = {
  /** Accepted, as a share of what a client accepts that knows the limits. */
  utilisation: number;
  /** 429s, as a share of submits. */
  waste: number;
  /** Waste as a multiple of 1/(1+λD): with hard limits and no hint nobody finds a raise within D seconds for less. */
  timesBound: number;
};

/** Every contender on the same account with the same seed. */
export function compare(
  account: Account,
  contenders: readonly ContenderRecipe[],
  seed: number,
  durationMs = TWO_HOURS_MS,
): Score[] {
  const known = simulate(account, knownLimits, { seed, durationMs });
  return contenders.map((contender) => {
    const run = simulate(account, contender, { seed, durationMs });
    const waste = run.refused / Math.max(1, run.submits);
    const perSecond = run.accepted / (durationMs / 1000);
    return {
      utilisation: run.accepted / known.accepted,
      waste,
      timesBound: waste * (1 + perSecond * FIND_WITHIN_S),
    };
  });
}
