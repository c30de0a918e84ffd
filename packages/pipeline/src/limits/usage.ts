import type { LimitState } from "./limit-state.ts";
import { countAfter } from "./tally.ts";
import { DEADLINE_MS, GUARD_MS, LEASE_MS, PACE_SHARE, WINDOW_MS } from "./tuning.ts";

/** What is in use now, by our own books. */
export type Usage = {
  /** Tasks in flight, with calls that wait for an answer. */
  inFlight: number;
  /** Calls of the last minute that count. */
  inWindow: number;
  /** As `inWindow`, without those that may just have left the provider's window. */
  surelyInWindow: number;
  /** Calls that wait for an answer and are not overdue. */
  pending: number;
};

export function windowStartMs(state: LimitState, nowMs: number): number {
  return nowMs - WINDOW_MS * state.scale;
}

export function refusedInWindow(state: LimitState, nowMs: number): number {
  return countAfter(state.refused, windowStartMs(state, nowMs));
}

/** From here on refused calls are taken to count against the window. */
export function countsRefusals(state: LimitState): boolean {
  return state.rate.refusalsCount >= 2;
}

export function usageOf(state: LimitState, nowMs: number): Usage {
  const from = windowStartMs(state, nowMs);
  const refused = countsRefusals(state) ? refusedInWindow(state, nowMs) : 0;
  const leasedMs = nowMs - LEASE_MS * state.scale;
  const waiting = pendingInWindow(state, nowMs, WINDOW_MS * state.scale);
  return {
    inFlight: countAfter(state.running, leasedMs) + countAfter(state.pending, leasedMs),
    inWindow: countAfter(state.window, from) + refused + waiting,
    surelyInWindow: countAfter(state.window, from + GUARD_MS * state.scale) + refused + waiting,
    pending: countAfter(state.pending, nowMs - DEADLINE_MS * state.scale),
  };
}

/** Calls without an answer that a window may count: they arrived until the deadline, if they arrived. */
export function pendingInWindow(state: LimitState, nowMs: number, windowMs: number): number {
  return countAfter(state.pending, nowMs - DEADLINE_MS * state.scale - windowMs);
}

/** The distance between calls at an even pace under the rate's bound; 0 when there is none. */
export function paceMs({ rate, scale }: LimitState): number {
  if (rate.high === null) return 0;
  const share = rate.spaced || rate.searching ? 1 : PACE_SHARE;
  return (share * WINDOW_MS * scale) / rate.high;
}
