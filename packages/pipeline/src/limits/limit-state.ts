import { createPeak, type RecentPeak } from "./recent-peak.ts";
import type { Tally } from "./tally.ts";
import { FULL_EASE } from "./tuning.ts";

export type LimitSettings = {
  /** Tasks in flight that are never exceeded and never probed. Unset = learned. */
  fixedConcurrency?: number;
  /** Requests per `fixedWindowMs` that are never exceeded and never probed. Unset = learned. */
  fixedRate?: number;
  /** The provider's window, as it is: not multiplied by `timeScale`. Unset = a minute, multiplied. */
  fixedWindowMs?: number;
  /** Multiplies every duration inside; for tests in scaled time. */
  timeScale?: number;
};

/** What is known of one constraint. */
export type Bound = {
  /** Calls go out while usage is below it. Null: nothing was ever refused here. Fractions only for the rate. */
  high: number | null;
  /** The lowest usage that was refused and has not been refuted by an acceptance above it. */
  base: number;
  /** The usage at which it was a suspect once, and was let go. 0 = never. */
  once: number;
  /** What `base` was before the present row of refusals began to lower it. 0 = no such row. */
  fellFrom: number;
  /** The bound that a refused probe confirmed, and when that was last; it outlives a fall by an hour. */
  held: number;
  heldAtMs: number;
  /** Only this bound explains what was refused. Else it is a suspect. */
  proven: boolean;
  /** The highest usage accepted lately. */
  peak: RecentPeak;
  /** Acceptances at the bound since it last moved; a probe is due after `ease` of them. */
  calm: number;
  ease: number;
  /** Probes accepted in a row. */
  streak: number;
  /** They left behind what tasks that ended unseen could explain: it was raised, and is followed without pauses. */
  climbing: boolean;
  movedAtMs: number;
};

export type RateBound = Bound & {
  /** Before this moment the even pace has no room. */
  paceAtMs: number;
  /** The last call was sent as early as the pace allowed. */
  paced: boolean;
  /** Calls must keep a distance (a bucket) or windows begin anew: a whole minute may not be counted. */
  spaced: boolean;
  /** The pace rises with every acceptance, until a refusal ends it. */
  searching: boolean;
  /** When the rate last refused, and what was accepted since. */
  refusedAtMs: number;
  acceptedSince: number;
  /** From −3 to 3: whether refused calls count against the window. From 2 on they are counted. */
  refusalsCount: number;
  /** As `peak`, with the refused calls of the window. */
  peakWithRefused: RecentPeak;
};

/** One call that tests a limit. `doubt`: which of two suspects is real. `beyond`: more in flight than ever accepted. */
export type Probe = {
  sentAtMs: number;
  kind: "places" | "rate" | "doubt" | "beyond";
  /** What would have blocked the call. */
  places: boolean;
  rate: boolean;
};

export type LimitState = {
  version: 1;
  scale: number;
  fixedConcurrency: number | null;
  fixedRate: number | null;
  fixedWindowMs: number;
  /** Sent, not yet answered; by the time of sending. */
  pending: Tally;
  /** In flight, as far as known; by the time of acceptance. */
  running: Tally;
  /** Accepted or unanswered; by the time of the answer, which the provider's own count precedes. */
  window: Tally;
  refused: Tally;
  accepted: number;
  /** A 429 was seen. */
  throttled: boolean;
  places: Bound;
  rate: RateBound;
  /** The most tasks that were in flight at once, since the limit last fell. */
  proven: number;
  probe: Probe | null;
  /** Since when nobody knows which limit refused, and when to try next. Null: no doubt. */
  doubt: { sinceMs: number; nextMs: number; gapMs: number; tested: string[] } | null;
  /** The last event of refusals: when it was learned, and what was blamed. */
  refusedAtMs: number;
  blamed: "places" | "rate" | "both" | null;
  /** Usage in flight and in the window at the last few events of refusals. */
  refusedLately: [inFlight: number, inWindow: number][];
  /** Events of refusals without an acceptance between them. */
  strikes: number;
  restUntilMs: number;
  lastSentMs: number;
  sentGapMs: number;
  /** How much looks at running tasks are stretched, as of a moment; it wears off by itself. */
  looks: { stretch: number; atMs: number; heldUntilMs: number };
  /** A refusal named a time: one that names none means the tasks in flight. */
  timedHints: boolean;
};

function createBound(): Bound {
  return {
    high: null,
    base: 0,
    fellFrom: 0,
    held: 0,
    heldAtMs: 0,
    once: 0,
    proven: false,
    peak: createPeak(),
    calm: 0,
    ease: FULL_EASE,
    streak: 0,
    climbing: false,
    movedAtMs: 0,
  };
}

export function createState(scale: number): LimitState {
  return {
    version: 1,
    scale,
    fixedConcurrency: null,
    fixedRate: null,
    fixedWindowMs: 0,
    pending: [],
    running: [],
    window: [],
    refused: [],
    accepted: 0,
    throttled: false,
    places: createBound(),
    rate: {
      ...createBound(),
      paceAtMs: 0,
      paced: false,
      spaced: false,
      searching: false,
      refusedAtMs: 0,
      acceptedSince: 0,
      refusalsCount: 0,
      peakWithRefused: createPeak(),
    },
    proven: 0,
    probe: null,
    doubt: null,
    refusedAtMs: 0,
    blamed: null,
    refusedLately: [],
    strikes: 0,
    restUntilMs: 0,
    lastSentMs: 0,
    sentGapMs: 0,
    looks: { stretch: 1, atMs: 0, heldUntilMs: 0 },
    timedHints: false,
  };
}

/** Forgets a suspicion. */
export function clearBound(bound: Bound): void {
  bound.once = bound.base;
  bound.high = null;
  bound.base = 0;
  bound.fellFrom = 0;
  bound.proven = false;
  bound.calm = 0;
  bound.streak = 0;
  bound.climbing = false;
}
