import { clearBound, type LimitState, type Probe } from "./limit-state.ts";
import { raisePeak } from "./recent-peak.ts";
import { countAfter, countAll } from "./tally.ts";
import {
  DOUBT_FIRST_MS,
  GUARD_MS,
  PEAK_HALF_MS,
  RISEN_EASE,
  SEARCH_GROWTH,
  SEARCH_LEAD,
  SEARCH_STREAK,
  WINDOW_MS,
} from "./tuning.ts";
import { countsRefusals, paceMs, refusedInWindow, windowStartMs } from "./usage.ts";

/** Of the tasks in flight by our books up to about so many have ended unseen, under polling. */
const HIDDEN_SHARE = 0.1;
/**
 * A probe accepted within that share may have taken the place of such a task. So many acceptances, as a share of the bound,
 * lie between probes then: more would stand still after a raise, fewer would waste calls on large accounts.
 */
const HIDDEN_PAUSE = 0.06;

/** What an acceptance teaches. The call is already in the books as accepted. */
export function learnAcceptance(state: LimitState, probe: Probe | null, nowMs: number): void {
  const { places, rate } = state;
  const halfMs = PEAK_HALF_MS * state.scale;
  const inFlight = countAll(state.running);
  const from = windowStartMs(state, nowMs);
  const inWindow = countAfter(state.window, from);
  const refused = refusedInWindow(state, nowMs);
  const counted = countsRefusals(state) ? refused : 0;
  state.proven = Math.max(state.proven, inFlight);
  raisePeak(places.peak, inFlight, nowMs, halfMs);
  raisePeak(rate.peak, inWindow, nowMs, halfMs);
  raisePeak(rate.peakWithRefused, inWindow + refused, nowMs, halfMs);
  const surely = countAfter(state.window, from + GUARD_MS * state.scale) + counted;
  state.strikes = 0;
  rate.acceptedSince += 1;
  places.fellFrom = rate.fellFrom = 0;

  if (probe?.kind === "doubt") settleDoubt(state, probe, inFlight, nowMs);
  else if (probe?.kind === "places" || probe?.kind === "rate") raise(state, probe.kind, inFlight, nowMs);
  else {
    if (places.high !== null && inFlight >= places.high - 1) places.calm += 1;
    if (rate.high !== null && rate.paced) {
      rate.calm += 1;
      if (rate.searching) speedUp(state, nowMs);
    }
  }
  if (rate.high !== null && surely > rate.base) rate.base = Math.min(rate.high, surely);
}

/** Accepted although a suspect was full: it is innocent. */
function settleDoubt(state: LimitState, probe: Probe, inFlight: number, nowMs: number): void {
  const { places, rate, doubt } = state;
  const sinceMs = doubt?.sinceMs ?? 0;
  // Later, a task may have ended unseen, and the first calls have left the window.
  const early = nowMs - sinceMs < 0.98 * WINDOW_MS * state.scale;
  if (probe.places && !places.proven) {
    if (early || inFlight > places.base * (1 + HIDDEN_SHARE) + 2) clearBound(places);
    else places.high = Math.max(places.high ?? 0, inFlight);
  }
  if (probe.rate && !rate.proven) {
    // No count of a minute explains the refusal: calls came too close to each other, or a window of the provider's began anew.
    const triedMs = Math.max(1_000 * state.scale, nowMs - sinceMs);
    const guess = early ? Math.max(rate.base / 3, (WINDOW_MS * state.scale) / triedMs) : rate.base;
    rate.high = rate.base = Math.max(1, guess);
    rate.spaced = true;
    rate.searching = true;
    rate.paceAtMs = nowMs + paceMs(state);
  }
  if (doubt !== null && !early) {
    doubt.tested = [];
    doubt.gapMs = DOUBT_FIRST_MS;
    doubt.nextMs = nowMs + DOUBT_FIRST_MS * state.scale;
  }
  const suspects = [places, rate].some((bound) => bound.high !== null && !bound.proven);
  if (!suspects || rate.searching) state.doubt = null;
}

function raise(state: LimitState, kind: "places" | "rate", inFlight: number, nowMs: number): void {
  const bound = state[kind];
  bound.streak += 1;
  bound.calm = 0;
  bound.movedAtMs = nowMs;
  if (kind === "places") {
    bound.high = Math.max(bound.high ?? 0, inFlight);
    if (bound.high > bound.base * (1 + HIDDEN_SHARE) + 2) {
      bound.base = bound.high;
      bound.climbing = true;
    }
    bound.ease = bound.climbing ? 0 : Math.floor(HIDDEN_PAUSE * bound.high);
  } else {
    bound.high = (bound.high ?? 0) + 1;
    bound.ease = RISEN_EASE;
    if (bound.streak >= SEARCH_STREAK) state.rate.searching = true;
  }
}

function speedUp(state: LimitState, nowMs: number): void {
  const { rate } = state;
  if (rate.high === null) return;
  const halfMinute = countAfter(state.window, nowMs - (WINDOW_MS / 2) * state.scale);
  rate.high = Math.max(rate.high, Math.min(rate.high * SEARCH_GROWTH, 2 * halfMinute * SEARCH_LEAD + 3));
}
