import type { LimitState } from "./limit-state.ts";

/** Each event of refused looks stretches the gaps by half. */
const STRETCH = 1.5;
/** Refusals this close are one event: looks of all replicas were underway. */
const EVENT_MS = 5_000;
/** The stretch falls to a third of itself in this time. No write is needed for that. */
const WEARS_OFF_MS = 300_000;
const MOST_STRETCH = 12;
/** From here on (5 s have become 20) running tasks begin to starve, and no new ones are added. */
const SUBMITS_STOP = 4;

/**
 * How much longer than planned the gaps between looks are, from 1. Only refused looks raise it, never refused submits.
 */
export function lookStretch({ looks, scale }: LimitState, nowMs: number): number {
  const wornMs = Math.max(0, nowMs - looks.atMs);
  return Math.max(1, looks.stretch * Math.exp(-wornMs / (WEARS_OFF_MS * scale)));
}

export function stretchLooks(state: LimitState, nowMs: number, retryAfterMs: number | undefined): void {
  const { looks, scale } = state;
  if (retryAfterMs !== undefined) looks.heldUntilMs = Math.max(looks.heldUntilMs, nowMs + retryAfterMs);
  if (looks.stretch > 1 && nowMs - looks.atMs < EVENT_MS * scale) return;
  looks.stretch = Math.min(MOST_STRETCH, lookStretch(state, nowMs) * STRETCH);
  looks.atMs = nowMs;
}

/** Until when new tasks wait for the looks at the running ones; null = they need not. */
export function submitsHeldUntilMs(state: LimitState, nowMs: number): number | null {
  if (lookStretch(state, nowMs) <= SUBMITS_STOP) return null;
  const { looks, scale } = state;
  return Math.ceil(looks.atMs + WEARS_OFF_MS * scale * Math.log(looks.stretch / SUBMITS_STOP));
}
