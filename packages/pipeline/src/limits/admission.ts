import { probeGapMs } from "./ease.ts";
import type { LimitState, Probe } from "./limit-state.ts";
import { submitsHeldUntilMs } from "./looks.ts";
import { peakOf } from "./recent-peak.ts";
import { countAll, timeUntilAtMost, type Tally } from "./tally.ts";
import { DEADLINE_MS, FRESH_SHARE, PACE_TOLERANCE, PENDING_SHARE, WINDOW_MS } from "./tuning.ts";
import {
  countsRefusals,
  paceMs,
  pendingInWindow,
  refusedInWindow,
  usageOf,
  windowStartMs,
  type Usage,
} from "./usage.ts";

/** As a decision, with what the call would test. */
export type Admission = { go: true; probe: Probe | null } | { go: false; untilMs: number | null };

const GO: Admission = { go: true, probe: null };
const wait = (untilMs: number | null): Admission => ({ go: false, untilMs });

export function admit(state: LimitState, nowMs: number): Admission {
  const use = usageOf(state, nowMs);
  const fixed = askFixed(state, use, nowMs);
  if (!fixed.go) return fixed;
  if (nowMs < state.restUntilMs) return wait(state.restUntilMs);
  const looksStarveUntilMs = submitsHeldUntilMs(state, nowMs);
  if (looksStarveUntilMs !== null) return wait(looksStarveUntilMs);
  if (state.throttled) return askLearned(state, use, nowMs);
  if (state.fixedConcurrency !== null && state.fixedRate !== null) return GO;
  return use.pending < Math.max(1, Math.floor(state.accepted * FRESH_SHARE)) ? GO : wait(null);
}

function askFixed(state: LimitState, use: Usage, nowMs: number): Admission {
  if (state.fixedConcurrency !== null && use.inFlight >= state.fixedConcurrency) return wait(null);
  if (state.fixedRate === null) return GO;
  // Every call counts here, refused ones too: whoever fixes a limit may know that they do.
  const counted = inOrder([state.window, state.refused], nowMs - state.fixedWindowMs);
  const room = state.fixedRate - pendingInWindow(state, nowMs, state.fixedWindowMs);
  if (countAll(counted) < room) return GO;
  const leavesMs = room > 0 ? timeUntilAtMost(counted, room - 1) : null;
  return wait(leavesMs === null ? null : leavesMs + state.fixedWindowMs);
}

function askLearned(state: LimitState, use: Usage, nowMs: number): Admission {
  const { places, rate, probe } = state;
  if (use.pending >= Math.max(2, Math.floor(state.proven * PENDING_SHARE))) return wait(null);

  // Calls from before the first 429 may still be on their way beyond what was accepted.
  if (use.inFlight > state.proven && use.pending > 0) return wait(null);
  const placesBlock = places.high !== null && use.inFlight >= places.high;
  const windowBlocks = windowIsFull(state, use.inWindow);
  const paceOpensMs = rate.proven || rate.searching ? rate.paceAtMs - PACE_TOLERANCE * paceMs(state) : 0;
  const paceBlocks = nowMs < paceOpensMs;
  const rateBlocks = windowBlocks || paceBlocks;
  const test = (kind: Probe["kind"]): Admission =>
    probe !== null && nowMs - probe.sentAtMs < DEADLINE_MS * state.scale
      ? wait(null)
      : { go: true, probe: { sentAtMs: nowMs, kind, places: placesBlock, rate: rateBlocks } };

  if (!placesBlock && !rateBlocks)
    return use.inFlight < state.proven || state.fixedConcurrency !== null ? GO : test("beyond");

  const opensMs = placesBlock
    ? null
    : rateOpensMs(state, windowBlocks, paceBlocks ? paceOpensMs : null, nowMs);
  // At the edge of the window a call proves nothing, and the edge passes in a moment.
  if (!placesBlock && windowBlocks && !windowIsFull(state, use.surelyInWindow)) return wait(opensMs);
  const earlier = (atMs: number) => wait(opensMs === null ? atMs : Math.min(opensMs, atMs));

  if (state.doubt !== null && (!placesBlock || !places.proven) && (!rateBlocks || !rate.proven)) {
    const alone = placesBlock !== rateBlocks && !state.doubt.tested.includes(placesBlock ? "places" : "rate");
    if (nowMs >= state.doubt.nextMs || (alone && (rateBlocks || refusalsCannotExplain(state, use, nowMs))))
      return test("doubt");
    return earlier(state.doubt.nextMs);
  }
  if (placesBlock && rateBlocks) {
    // A probe of the places that is due waits for the rate.
    const due = probeGapMs(places) !== null;
    return wait(due ? rateOpensMs(state, windowBlocks, paceBlocks ? paceOpensMs : null, nowMs) : null);
  }
  const bound = placesBlock ? places : rate;
  // After a fall more may still run than the bound allows: a call then would prove nothing.
  if (placesBlock && use.inFlight >= (places.high ?? 0) + 1) return wait(null);
  const gapMs = probeGapMs(bound);
  if (gapMs === null || (rateBlocks && rate.searching)) return wait(opensMs);
  const movedMs = bound.movedAtMs + gapMs * state.scale;
  const dueMs = placesBlock ? Math.max(movedMs, paceIsInnocentMs(state)) : movedMs;
  return nowMs >= dueMs ? test(placesBlock ? "places" : "rate") : earlier(dueMs);
}

/**
 * From when on only the places can refuse a call. While the pace is searched, a refusal of a probe could be the pace's: it
 * waits for a distance that was lately accepted. What climbs anyway is not held up.
 */
function paceIsInnocentMs({ places, rate, lastSentMs, scale }: LimitState): number {
  if (!rate.searching || places.climbing) return 0;
  return lastSentMs + (WINDOW_MS * scale) / Math.max(1, peakOf(rate.peak));
}

/** While the pace is searched the minute is no limit: it lags behind. */
function windowIsFull({ rate }: LimitState, used: number): boolean {
  return rate.high !== null && used >= rate.high + (rate.searching ? 1 : 0);
}

/** Whether a refusal now could not come from a window that counts refused calls. */
function refusalsCannotExplain(state: LimitState, use: Usage, nowMs: number): boolean {
  const { high, refusalsCount } = state.rate;
  return high === null || refusalsCount < -1 || use.inWindow + refusedInWindow(state, nowMs) < high;
}

function rateOpensMs(
  state: LimitState,
  windowBlocks: boolean,
  paceOpensMs: number | null,
  nowMs: number,
): number | null {
  if (!windowBlocks || state.rate.high === null) return paceOpensMs;
  const most =
    Math.ceil(state.rate.high + (state.rate.searching ? 1 : 0)) -
    1 -
    pendingInWindow(state, nowMs, WINDOW_MS * state.scale);
  const counted = inOrder(
    countsRefusals(state) ? [state.window, state.refused] : [state.window],
    windowStartMs(state, nowMs),
  );
  const leavesMs = most < 0 ? null : timeUntilAtMost(counted, most);
  return leavesMs === null ? null : Math.max(paceOpensMs ?? 0, leavesMs + WINDOW_MS * state.scale);
}

function inOrder(tallies: Tally[], afterMs: number): Tally {
  return tallies
    .flat()
    .filter(([timeMs]) => timeMs > afterMs)
    .toSorted((a, b) => a[0] - b[0]);
}
