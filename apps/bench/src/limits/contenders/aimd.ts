import type { ContenderRecipe } from "../contender.ts";

const FIRST_LIMIT = 10;
const DECREASE = 0.9;

/** A limit on calls in flight, shared by all: one more for each acceptance at the limit, a tenth less for each refusal. */
export const aimd: ContenderRecipe = {
  name: "AIMD (0.9, +1), shared",
  create() {
    let limit = FIRST_LIMIT;
    let inFlight = 0;
    return {
      next: () => (inFlight < Math.floor(limit) ? true : null),
      sent() {
        inFlight += 1;
      },
      accepted() {
        if (inFlight * 2 >= limit) limit += 1;
      },
      refused() {
        inFlight -= 1;
        limit = Math.max(1, limit * DECREASE);
      },
      finished() {
        inFlight -= 1;
      },
    };
  },
};
