import type { Settings } from "./settings.ts";
import type { Task } from "./task.ts";

/** The account's limits per key: requests in a sliding window, and unfinished tasks. */
export type Limits = {
  /** Whether one more submit fits the window. With `rateCounts: "all"` asking takes a slot. */
  admitSubmit(label: string, settings: Settings): boolean;
  /** Takes a slot of the window for a submit that was accepted. */
  countAccepted(label: string, settings: Settings): void;
  /** Whether one more status request fits; a request that fits takes a slot. */
  admitStatus(label: string, settings: Settings): boolean;
  hasPlace(label: string, settings: Settings): boolean;
  taskAccepted(task: Task): void;
  taskEnded(task: Task): void;
  unfinished(label: string): number;
  reset(): void;
};

const fits = (used: number, limit: number | null) => limit === null || used < limit;

export function createLimits(windowMs: (settings: Settings) => number, now: () => number): Limits {
  const submits = new Map<string, number[]>();
  const statuses = new Map<string, number[]>();
  const running = new Map<string, number>();

  /** The moments still inside the window, oldest first. */
  function recent(moments: Map<string, number[]>, label: string, settings: Settings): number[] {
    const since = now() - windowMs(settings);
    const kept = moments.get(label) ?? [];
    const firstInside = kept.findIndex((moment) => moment > since);
    kept.splice(0, firstInside === -1 ? kept.length : firstInside);
    moments.set(label, kept);
    return kept;
  }

  return {
    admitSubmit(label, settings) {
      const window = recent(submits, label, settings);
      const admitted = fits(window.length, settings.ratePerWindow);
      if (settings.rateCounts === "all") window.push(now());
      return admitted;
    },
    countAccepted(label, settings) {
      if (settings.rateCounts === "accepted") recent(submits, label, settings).push(now());
    },
    admitStatus(label, settings) {
      const shared = recent(submits, label, settings);
      if (settings.statusSharesRate && !fits(shared.length, settings.ratePerWindow)) return false;
      const own = recent(statuses, label, settings);
      if (!fits(own.length, settings.statusRatePerWindow)) return false;
      own.push(now());
      if (settings.statusSharesRate) shared.push(now());
      return true;
    },
    hasPlace: (label, settings) => fits(running.get(label) ?? 0, settings.concurrency),
    taskAccepted: ({ keyLabel }) => void running.set(keyLabel, (running.get(keyLabel) ?? 0) + 1),
    taskEnded: ({ keyLabel }) => void running.set(keyLabel, (running.get(keyLabel) ?? 0) - 1),
    unfinished: (label) => running.get(label) ?? 0,
    reset() {
      for (const map of [submits, statuses, running]) map.clear();
    },
  };
}
