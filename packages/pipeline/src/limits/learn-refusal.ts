import { findCulprit, REFUSALS_KEPT, refusalsMayExplain, type Refusal } from "./culprit.ts";
import { confirm, easeAfterRefusal } from "./ease.ts";
import { clearBound, type LimitState, type Probe } from "./limit-state.ts";
import { lowerPeak, peakOf } from "./recent-peak.ts";
import { countAfter } from "./tally.ts";
import { DOUBT_FIRST_MS, DOUBT_GROWTH, FULL_EASE, LONGEST_REST_MS, SHORT_EASE, WINDOW_MS } from "./tuning.ts";
import { countsRefusals, paceMs, refusedInWindow, windowStartMs } from "./usage.ts";

/** What a refusal teaches. The call itself is already out of the books of pending calls, and not yet among the refused. */
export function learnRefusal(
  state: LimitState,
  refusal: Omit<Refusal, "use" | "clumped">,
  sentAtMs: number,
  nowMs: number,
): void {
  const { places, rate } = state;
  const { probe, hint } = refusal;
  const refused = refusedInWindow(state, nowMs);
  // Calls that left later may still be refused: they are not what filled the limit.
  const sentBefore = state.pending.reduce(
    (sum, [timeMs, count]) => sum + (timeMs <= sentAtMs ? count : 0),
    0,
  );
  const use = {
    inFlight: countAfter(state.running, 0) + sentBefore,
    inWindow:
      countAfter(state.window, windowStartMs(state, nowMs)) +
      sentBefore +
      (countsRefusals(state) ? refused : 0),
    refused,
  };
  if (hint.retryAfterMs !== undefined) {
    state.timedHints = true;
    state.restUntilMs = Math.max(state.restUntilMs, nowMs + hint.retryAfterMs);
  }
  if (state.throttled && sentAtMs <= state.refusedAtMs) {
    sharpen(state, use);
    return;
  }
  state.throttled = true;
  state.refusedAtMs = nowMs;
  state.strikes += 1;
  const silent = hint.reason === undefined && hint.retryAfterMs === undefined;
  if (silent && probe?.kind === "doubt" && provesNothing(state, probe, use)) return;

  const best = Math.max(1, peakOf(rate.peak));
  const clumped =
    state.accepted > 10 &&
    state.sentGapMs < (0.8 * WINDOW_MS * state.scale) / best &&
    (rate.high === null || rate.high > best * 1.1 + 1);
  state.refusedLately = [...state.refusedLately, [use.inFlight, use.inWindow] as [number, number]].slice(
    -REFUSALS_KEPT,
  );
  const culprit = findCulprit(state, { use, probe, hint, clumped });
  state.blamed = culprit;
  if (culprit === "both") {
    places.high = places.base = Math.max(1, use.inFlight);
    rate.high = rate.base = Math.max(1, use.inWindow);
    if (state.doubt === null || state.doubt.nextMs < nowMs) beginDoubt(state, nowMs, []);
    return;
  }
  if (culprit === "rate") {
    if (!places.proven) clearBound(places);
    blameRate(state, { use, probe, hint, clumped }, nowMs);
  } else {
    if (!rate.proven && !rate.searching) clearBound(rate);
    state.doubt = null;
    places.proven = true;
    if (probe?.kind === "places") confirm(state, places, nowMs);
    lowerPlaces(state, use.inFlight, nowMs);
  }
}

/** Whether a refused call was in reach of both suspects, so that neither is convicted. */
function provesNothing(state: LimitState, probe: Probe, use: Refusal["use"]): boolean {
  const { places, rate } = state;
  const suspect = (bound: LimitState["places"]) => bound.high !== null && !bound.proven;
  if (probe.places && probe.rate) return true;
  if (probe.places) return suspect(rate) && (use.inWindow >= rate.base || refusalsMayExplain(state, use));
  return suspect(places) && use.inFlight >= places.base;
}

/** A further refusal of the same event: the usage it leaves is nearer to the limit. */
function sharpen({ places, rate, blamed }: LimitState, use: Refusal["use"]): void {
  if (blamed !== "rate" && places.high !== null)
    places.high = places.base = Math.max(1, Math.min(places.high, use.inFlight));
  if (blamed !== "places" && rate.high !== null && !rate.searching)
    rate.high = rate.base = Math.max(1, Math.min(rate.high, use.inWindow));
}

function beginDoubt(state: LimitState, nowMs: number, tested: string[]): void {
  const firstMs = Math.max(state.restUntilMs, nowMs + DOUBT_FIRST_MS * state.scale);
  state.doubt = { sinceMs: nowMs, nextMs: firstMs, gapMs: DOUBT_FIRST_MS * DOUBT_GROWTH, tested };
}

/** Down to the usage that was refused; by 1, 2, 4 … more when refusals follow each other. */
function lowerPlaces(state: LimitState, used: number, nowMs: number): void {
  const bound = state.places;
  bound.fellFrom = Math.max(bound.fellFrom, bound.base, used);
  const step = state.strikes >= 2 && used < bound.base ? Math.min(2 ** (state.strikes - 2), used >> 1) : 0;
  bound.high = bound.base = Math.max(1, Math.min(bound.high ?? used, used - step));
  bound.ease = step > 0 ? 0 : easeAfterRefusal(state, bound, nowMs);
  settle(bound, Math.max(used, bound.high), nowMs);
  state.proven = Math.max(1, Math.min(state.proven, Math.max(used, bound.high)));
  // Refused with nothing in flight: no end of a task will tell when to try again.
  if (used === 0) rest(state, 1_000 * state.scale, nowMs);
}

function blameRate(state: LimitState, { use, probe, hint, clumped }: Refusal, nowMs: number): void {
  const bound = state.rate;
  const { high } = bound;
  const used = use.inWindow;
  const silent = hint.reason === undefined && hint.retryAfterMs === undefined;
  if (high === null && !clumped) {
    // It is the rate, but not known is whether a minute is counted or calls must keep a distance.
    bound.high = bound.base = Math.max(1, used);
    beginDoubt(state, nowMs, ["rate"]);
    return;
  }
  if (!bound.proven && probe?.kind === "doubt") {
    if (state.doubt !== null && nowMs - state.doubt.sinceMs > 0.9 * WINDOW_MS * state.scale) {
      bound.proven = true;
      state.doubt = null;
    }
    if (!silent || !probe.places) return;
  }
  bound.proven = true;
  state.doubt = null;
  if (high === null) {
    // Calls in a clump, though the minute was not full: keep its pace from now on.
    bound.high = bound.base = Math.max(1, used, peakOf(bound.peak));
    bound.ease = FULL_EASE;
    bound.paceAtMs = nowMs + paceMs(state);
  } else if (bound.searching) {
    endSearch(state, high, used, nowMs);
  } else if (probe?.kind === "rate") {
    confirm(state, bound, nowMs);
    bound.ease = easeAfterRefusal(state, bound, nowMs);
    bound.base = bound.high ?? 0;
  } else lowerRate(state, high, use, nowMs);
  bound.refusedAtMs = nowMs;
  bound.acceptedSince = 0;
  settle(bound, Math.max(used, bound.high ?? 0), nowMs);
  const expected = probe?.kind === "rate" && state.strikes === 1;
  // Where refused calls count, a named time alone is refused for ever.
  const named = hint.retryAfterMs !== undefined && state.strikes < 3;
  if (!named && !expected) rest(state, paceMs(state), nowMs);
}

function lowerRate(state: LimitState, high: number, use: Refusal["use"], nowMs: number): void {
  const bound = state.rate;
  bound.fellFrom = Math.max(bound.fellFrom, bound.base);
  const counting = countsRefusals(state);
  const accepted = use.inWindow - (counting ? use.refused : 0);
  // Which count is nearer to what was lately accepted at most: the plain one, or the one with refused calls?
  const plain = Math.max(0, peakOf(bound.peak) - accepted);
  const withRefused = Math.max(0, peakOf(bound.peakWithRefused) - accepted - use.refused);
  if (state.strikes <= 4)
    bound.refusalsCount = Math.max(-3, Math.min(3, bound.refusalsCount + Math.sign(plain - withRefused)));
  if (!counting && plain > withRefused) return;
  // A bucket that was empty twice gave what flowed in between, and not one token more.
  const sinceMs = nowMs - bound.refusedAtMs;
  const measured = bound.spaced && bound.acceptedSince > 0 && sinceMs < WINDOW_MS * state.scale;
  const flow = measured
    ? Math.max(high / 2, ((bound.acceptedSince + 1) * WINDOW_MS * state.scale) / sinceMs)
    : high;
  const step = state.strikes >= 3 ? high * 0.2 : Math.max(0.5, high * 0.02);
  bound.high = bound.base = Math.max(1, Math.min(use.inWindow, high - step, flow));
  bound.ease = bound.high < high * 0.9 ? SHORT_EASE : easeAfterRefusal(state, bound, nowMs);
}

/**
 * The minute's count is right where a minute is counted. Where calls must keep a distance it lags behind the search: the
 * last half minute, and what was accepted lately, are the better guess.
 */
function endSearch(state: LimitState, high: number, used: number, nowMs: number): void {
  const bound = state.rate;
  const halfMinute = countAfter(state.window, nowMs - (WINDOW_MS / 2) * state.scale);
  const lately = bound.spaced ? Math.max(2 * halfMinute, peakOf(bound.peak)) : 0;
  bound.high = bound.base = Math.max(1, Math.min(high, Math.max(used, Math.min(high / 1.5, lately))));
  bound.searching = false;
  bound.ease = SHORT_EASE;
}

function settle(bound: LimitState["places"], most: number, nowMs: number): void {
  bound.streak = 0;
  bound.climbing = false;
  bound.calm = 0;
  bound.movedAtMs = nowMs;
  lowerPeak(bound.peak, most);
}

/** Doubles with refusals in a row. */
function rest(state: LimitState, firstMs: number, nowMs: number): void {
  const restMs = Math.min(LONGEST_REST_MS * state.scale, firstMs * 2 ** (state.strikes - 1));
  state.restUntilMs = Math.max(state.restUntilMs, nowMs + restMs);
}
