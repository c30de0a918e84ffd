import type { Verdict } from "./checker/check-folder.ts";
import { callbacksOfSeed, type ProofOptions } from "./proof-options.ts";
import { runSeed, type SeedProgress } from "./run-seed.ts";

/** Runs the seeds, so many side by side, and tells of each that is done. A run that breaks off is a failure of its own. */
export async function runSeeds(
  options: ProofOptions,
  tell: { done: (verdict: Verdict) => void; progress: (running: readonly SeedProgress[]) => void },
): Promise<Verdict[]> {
  const waiting = [...options.seeds];
  const running = new Map<number, SeedProgress>();
  const verdicts: Verdict[] = [];
  const timer = setInterval(() => tell.progress([...running.values()]), 1_000);
  const lane = async (): Promise<void> => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const { orders, faults, workers, out } = options;
      const callbacks = options.callbacks ?? callbacksOfSeed(seed);
      const own = seed;
      const verdict = await runSeed({ seed, orders, faults, workers, callbacks, out }, (progress) =>
        running.set(own, progress),
      );
      running.delete(seed);
      verdicts.push(verdict);
      tell.done(verdict);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.parallel }, lane));
  } finally {
    clearInterval(timer);
  }
  return verdicts.toSorted((a, b) => a.facts.seed - b.facts.seed);
}
