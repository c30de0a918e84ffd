import type { ContenderRecipe } from "../contender.ts";

/** Jobs of a queue that are tried at the same time, each with a backoff of its own. */
const OPEN = 100;
const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** What a queue does out of the box: each job tries, and waits 1, 2, 4 … 60 s (half of it random) when refused. */
export const exponentialBackoff: ContenderRecipe = {
  name: "exponential backoff, 100 open",
  create(_account, random) {
    /** When each job may try next, with its refusals in a row; one that has left waits for its answer. */
    const ready = Array.from({ length: OPEN }, () => ({ atMs: 0, refusals: 0 }));
    const underway = new Map<number, number[]>();
    let earliest = 0;
    const find = () => {
      earliest = 0;
      for (let i = 1; i < ready.length; i += 1)
        if ((ready[i]?.atMs ?? 0) < (ready[earliest]?.atMs ?? 0)) earliest = i;
    };
    const answered = (sentAtMs: number) => underway.get(sentAtMs)?.shift() ?? 0;
    const settle = (sentAtMs: number) => {
      if (underway.get(sentAtMs)?.length === 0) underway.delete(sentAtMs);
    };
    return {
      next(nowMs) {
        find();
        const job = ready[earliest];
        if (job === undefined) return null;
        return job.atMs <= nowMs ? true : job.atMs;
      },
      sent(nowMs) {
        const [job] = ready.splice(earliest, 1);
        underway.set(nowMs, [...(underway.get(nowMs) ?? []), job?.refusals ?? 0]);
      },
      accepted(nowMs, sentAtMs) {
        answered(sentAtMs);
        settle(sentAtMs);
        ready.push({ atMs: nowMs, refusals: 0 });
      },
      refused(nowMs, sentAtMs) {
        const refusals = answered(sentAtMs) + 1;
        settle(sentAtMs);
        const waitMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** (refusals - 1));
        ready.push({ atMs: nowMs + (waitMs / 2) * (1 + random()), refusals });
      },
      finished() {},
    };
  },
};
