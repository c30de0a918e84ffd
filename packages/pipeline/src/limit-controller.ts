import { learnAcceptance } from "./limits/accepted.ts";
import { admit } from "./limits/admission.ts";
import { createState, type LimitSettings, type LimitState } from "./limits/limit-state.ts";
import { learnRefusal } from "./limits/refused.ts";
import { add, dropUntil, take } from "./limits/tally.ts";
import { DEADLINE_MS, DOUBT_GROWTH, DOUBT_LONGEST_MS, LEASE_MS, WINDOW_MS } from "./limits/tuning.ts";
import { countsRefusals, paceMs } from "./limits/usage.ts";

export type { LimitSettings, LimitState } from "./limits/limit-state.ts";

/** @property nowMs Redis time @property random uniform in [0, 1) */
export type LimitContext = { nowMs: number; random: () => number };

/** What a 429 said beyond itself. */
export type RefusalHint = { retryAfterMs?: number; reason?: "rate" | "concurrency" };

/** `untilMs`: ask again then, on the same clock; null = when something finishes or is answered. */
export type Decision = { go: true } | { go: false; untilMs: number | null };

export function createLimits(settings: LimitSettings = {}): LimitState {
  const state = createState(settings.timeScale ?? 1);
  state.fixedConcurrency = settings.fixedConcurrency ?? null;
  state.fixedRate = settings.fixedRate ?? null;
  state.fixedWindowMs = settings.fixedWindowMs ?? WINDOW_MS * state.scale;
  return state;
}

export function decide(state: LimitState, { nowMs }: LimitContext): Decision {
  const admission = admit(state, nowMs);
  return admission.go ? { go: true } : admission;
}

export function noteSent(state: LimitState, { nowMs }: LimitContext): void {
  tidy(state, nowMs);
  const admission = admit(state, nowMs);
  if (admission.go && admission.probe !== null) {
    const { probe } = admission;
    state.probe = probe;
    if (probe.kind === "doubt" && state.doubt !== null) {
      const { doubt } = state;
      doubt.nextMs = nowMs + doubt.gapMs * state.scale;
      doubt.gapMs = Math.min(DOUBT_LONGEST_MS, doubt.gapMs * DOUBT_GROWTH);
      if (probe.places !== probe.rate) doubt.tested.push(probe.places ? "places" : "rate");
    }
  }
  add(state.pending, nowMs);
  state.sentGapMs = nowMs - state.lastSentMs;
  state.lastSentMs = nowMs;
  const { rate } = state;
  if (rate.high !== null) {
    const distanceMs = paceMs(state);
    rate.paced = nowMs - rate.paceAtMs < 0.5 * distanceMs;
    rate.paceAtMs = Math.max(rate.paceAtMs, nowMs) + distanceMs;
  }
}

export function noteAccepted(state: LimitState, { nowMs }: LimitContext, sentAtMs: number): void {
  tidy(state, nowMs);
  const probe = endProbe(state, sentAtMs);
  take(state.pending, sentAtMs);
  add(state.running, nowMs);
  add(state.window, nowMs);
  state.accepted += 1;
  learnAcceptance(state, probe, nowMs);
}

export function noteRefused(
  state: LimitState,
  { nowMs }: LimitContext,
  sentAtMs: number,
  hint: RefusalHint = {},
): void {
  tidy(state, nowMs);
  const probe = endProbe(state, sentAtMs);
  take(state.pending, sentAtMs);
  if (!countsRefusals(state)) state.rate.paceAtMs -= paceMs(state);
  learnRefusal(state, { probe, hint }, sentAtMs, nowMs);
  add(state.refused, nowMs);
}

export function noteNotSent(state: LimitState, { nowMs }: LimitContext, sentAtMs: number): void {
  tidy(state, nowMs);
  endProbe(state, sentAtMs);
  take(state.pending, sentAtMs);
}

export function noteUnanswered(state: LimitState, { nowMs }: LimitContext, sentAtMs: number): void {
  tidy(state, nowMs);
  if (take(state.pending, sentAtMs)) bookUnanswered(state, sentAtMs, nowMs);
}

export function noteFinished(state: LimitState, { nowMs }: LimitContext, acceptedAtMs: number): void {
  tidy(state, nowMs);
  take(state.running, acceptedAtMs);
}

function endProbe(state: LimitState, sentAtMs: number): LimitState["probe"] {
  if (state.probe?.sentAtMs !== sentAtMs) return null;
  const { probe } = state;
  state.probe = null;
  return probe;
}

function bookUnanswered(state: LimitState, sentAtMs: number, nowMs: number): void {
  endProbe(state, sentAtMs);
  add(state.running, sentAtMs);
  add(state.window, nowMs);
}

function tidy(state: LimitState, nowMs: number): void {
  const overdueMs = nowMs - DEADLINE_MS * state.scale;
  for (let first = state.pending[0]; first !== undefined && first[0] <= overdueMs; first = state.pending[0]) {
    take(state.pending, first[0]);
    bookUnanswered(state, first[0], nowMs);
  }
  dropUntil(state.running, nowMs - LEASE_MS * state.scale);
  const windowMs = Math.max(WINDOW_MS * state.scale, state.fixedRate === null ? 0 : state.fixedWindowMs);
  dropUntil(state.window, nowMs - windowMs);
  dropUntil(state.refused, nowMs - windowMs);
}
