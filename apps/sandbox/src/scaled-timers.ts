/** The longest delay `setTimeout` takes; more would fire at once. About 24.8 days. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Timers in the provider's time: every delay is divided by the speed factor before it is waited for. */
export type ScaledTimers = {
  /** Runs `run` after `delayMs` of provider time, unless cleared before. */
  after(delayMs: number, run: () => void): void;
  /** Resolves with true after `delayMs` of provider time, with false if the timers were cleared before. */
  wait(delayMs: number): Promise<boolean>;
  /** `delayMs` of provider time in milliseconds of the wall clock. */
  scaled(delayMs: number): number;
  /** Forgets everything that is still to come. */
  clear(): void;
};

export function createScaledTimers(speed: () => number): ScaledTimers {
  const pending = new Map<NodeJS.Timeout, () => void>();

  function start(delayMs: number, onTime: () => void, onClear: () => void): void {
    const timer = setTimeout(
      () => {
        pending.delete(timer);
        onTime();
      },
      Math.min(scaled(delayMs), LONGEST_TIMEOUT_MS),
    );
    pending.set(timer, onClear);
  }

  function scaled(delayMs: number): number {
    return delayMs / speed();
  }

  return {
    scaled,
    after(delayMs, run) {
      start(delayMs, run, () => {});
    },
    wait(delayMs) {
      if (delayMs <= 0) return Promise.resolve(true);
      return new Promise((resolve) => {
        start(
          delayMs,
          () => resolve(true),
          () => resolve(false),
        );
      });
    },
    clear() {
      const all = [...pending];
      pending.clear();
      for (const [timer, onClear] of all) {
        clearTimeout(timer);
        onClear();
      }
    },
  };
}
