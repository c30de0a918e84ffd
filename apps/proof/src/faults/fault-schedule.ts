import { pickWeighted, type Random } from "../seeded-random.ts";

/**
 * What is done to the system, and how often each compared with the others. Killed workers come first, for they are what
 * happens most; a freeze is longer than a job's lock (5 s), so that another worker takes over and the frozen one wakes
 * as a zombie.
 */
const WEIGHTS = {
  "kill-worker": 26,
  "freeze-worker": 14,
  "kill-api": 5,
  "freeze-api": 3,
  "kill-redis": 4,
  "freeze-redis": 4,
  "cut-all-clients": 10,
  "cut-one-client": 10,
  "pause-clients": 8,
  "press-board": 16,
};
export type FaultKind = keyof typeof WEIGHTS;

export type PlannedFault = {
  /** After the start. */
  atMs: number;
  kind: FaultKind;
  /** Decides who or what is struck, among those there are then; 0 up to 1. */
  pick: number;
  /** Decides how long; 0 up to 1. */
  length: number;
};

/** So many faults on average this far apart, never closer than a third of it. */
export const FAULT_EVERY_MS = 700;

/** The same seed gives the same faults at the same times. What they meet depends on the machine's own timing. */
export function planFaults(count: number, random: Random, everyMs = FAULT_EVERY_MS): PlannedFault[] {
  let atMs = 0;
  return Array.from({ length: count }, () => {
    atMs += everyMs * random.between(1 / 3, 5 / 3);
    return {
      atMs: Math.round(atMs),
      kind: pickWeighted(WEIGHTS, random.next()),
      pick: random.next(),
      length: random.next(),
    };
  });
}
