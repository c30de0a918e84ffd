import type { Bound, LimitState } from "./limit-state.ts";
import {
  FULL_EASE,
  FULL_EASE_MS,
  HELD_MS,
  LEAST_EASE,
  LEAST_EASE_MS,
  LOST_EASE,
  LOST_SHARE,
  MOST_EASE,
  PROBE_GAP_MS,
} from "./tuning.ts";

/**
 * How long a bound that was just refused is left alone, in acceptances. One that fell far below what it lately held is
 * tried sooner: what was allowed half an hour ago may soon be allowed again, and until then most of the account lies idle.
 */
export function easeAfterRefusal(state: LimitState, bound: Bound, nowMs: number): number {
  return hasFallenFar(state, bound, nowMs) ? LOST_EASE : FULL_EASE;
}

/** A probe of the bound was refused: it is what it is taken for. A bound that fell does not displace the one before it. */
export function confirm(state: LimitState, bound: Bound, nowMs: number): void {
  if (bound.high === null || hasFallenFar(state, bound, nowMs)) return;
  bound.held = bound.high;
  bound.heldAtMs = nowMs;
}

function hasFallenFar({ scale }: LimitState, { high, held, heldAtMs }: Bound, nowMs: number): boolean {
  return high !== null && high < LOST_SHARE * held && nowMs - heldAtMs < HELD_MS * scale;
}

/** How long after it moved a bound may be probed; null = not before more was accepted. */
export function probeGapMs({ calm, ease, climbing }: Bound): number | null {
  if (calm < ease) return ease === FULL_EASE && calm >= LEAST_EASE ? LEAST_EASE_MS : null;
  if (ease === FULL_EASE && calm < MOST_EASE) return FULL_EASE_MS;
  return climbing ? 0 : PROBE_GAP_MS;
}
