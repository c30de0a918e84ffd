import type { Bound, LimitState, Probe, RateBound } from "./limit-state.ts";
import { peakOf } from "./recent-peak.ts";

/** Usage at the moment of a refusal, without the refused call. */
export type RefusedUsage = {
  inFlight: number;
  /** With refused calls only if these are taken to count. */
  inWindow: number;
  /** Refused calls of the window before this one. */
  refused: number;
};

export type Refusal = {
  use: RefusedUsage;
  probe: Probe | null;
  hint: { retryAfterMs?: number; reason?: "rate" | "concurrency" };
  /** It followed its predecessor closer than the last minutes' best rate has it. */
  clumped: boolean;
};

export type Culprit = "places" | "rate" | "both";

/** So many events of refusals are compared. */
export const REFUSALS_KEPT = 4;
const STEADY_WEIGHT = 0.35;
const STEADY_MOST = 0.2;

// Costs, in shares of a bound: 0.1 is as bad as a usage a tenth below it. The simulator's figures hardly move when any one
// of them changes by half.

/** A bound that never refused is a weaker explanation than one that did. */
const NEVER_REFUSED = 0.15;
/** Below the lowest usage that was refused: less likely still, the further below. */
const BELOW_BASE = 0.1;
/** At a bound that is not convicted. */
const SUSPECT = 0.03;
/** At the usage that made it a suspect once, though it was let go. */
const ONCE_SUSPECT = 0.08;
/** A probe tests its own bound. */
const OWN_PROBE = -0.05;
/** Refusals in a row have one cause. */
const SAME_CAUSE = -0.15;
/** Where refusals of the rate name a time, one that names none is not of the rate. */
const NO_TIME_NAMED = -0.3;
/** The call came in a clump: a bucket may have been empty. */
const CLUMPED = 0.3;
/** Weight of lying below what was accepted lately, where the bound explains the refusal otherwise. */
const DEPTH = 0.5;
/** A bound that was not nearly used for minutes may have fallen unnoticed. */
const STALE_SHARE = 0.8;
const STALE = 0.02;
/** While the pace is searched it is expected to be refused. */
const SEARCHING = 0.1;
const SURELY_SEARCH = -0.06;
/** Undecided whether refused calls count; if they do, the window was full. */
const REFUSALS_MAY_COUNT = 0.04;
/** Explanations closer than this cannot be told apart. */
const TOO_CLOSE = 0.05;

/**
 * Which limit refused. A hint decides. Else each bound is given the cost of explaining the refusal: how far the usage was
 * below what it is known to refuse or lately to accept, and the cheaper one is blamed.
 */
export function findCulprit(state: LimitState, { use, probe, hint, clumped }: Refusal): Culprit {
  if (hint.reason !== undefined) return hint.reason === "rate" ? "rate" : "places";
  if (hint.retryAfterMs !== undefined) return "rate";
  if (probe?.kind === "doubt" && probe.places !== probe.rate) return probe.places ? "places" : "rate";

  const { places, rate } = state;
  let byPlaces = costOf(places, use.inFlight, 0);
  if (state.timedHints) byPlaces += NO_TIME_NAMED;
  if (probe?.kind === "places" || probe?.kind === "beyond") byPlaces += OWN_PROBE;
  if (state.strikes > 1 && state.blamed === "places") byPlaces += SAME_CAUSE;

  let byRate = costOf(rate, use.inWindow, nearRate(rate));
  if (probe?.kind === "rate") byRate += OWN_PROBE;
  if (state.strikes > 1 && state.blamed === "rate") byRate += SAME_CAUSE;
  const steadier = steadierInFlight(state);
  byPlaces -= steadier;
  byRate += steadier;
  if (rate.searching)
    byRate = !places.proven || use.inWindow >= rate.base ? SURELY_SEARCH : Math.min(byRate, SEARCHING);
  if (refusalsMayExplain(state, use)) byRate = Math.min(byRate, REFUSALS_MAY_COUNT);
  if (clumped) byRate = Math.min(byRate, CLUMPED);

  const unknown = !places.proven && !rate.proven && !rate.searching;
  if (unknown && Math.abs(byPlaces - byRate) < TOO_CLOSE) return "both";
  return byPlaces < byRate || (byPlaces === byRate && !rate.searching) ? "places" : "rate";
}

/**
 * A hard limit refuses at the same usage each time. Positive when that was truer of the tasks in flight than of the
 * window at the last refusals, negative when it was the other way round.
 */
function steadierInFlight({ refusedLately }: LimitState): number {
  if (refusedLately.length < REFUSALS_KEPT) return 0;
  const spread = (values: number[]) => 1 - Math.min(...values) / Math.max(1, ...values);
  const difference =
    spread(refusedLately.map(([, inWindow]) => inWindow)) -
    spread(refusedLately.map(([inFlight]) => inFlight));
  return STEADY_WEIGHT * Math.max(-STEADY_MOST, Math.min(STEADY_MOST, difference));
}

/** Undecided so far, and with refused calls the window was full. */
export function refusalsMayExplain({ rate }: LimitState, use: RefusedUsage): boolean {
  if (rate.high === null || rate.refusalsCount <= -2 || rate.refusalsCount >= 2) return false;
  if (rate.spaced && rate.refusalsCount <= 0) return false;
  return use.inWindow + use.refused >= rate.base;
}

/** A minute's count may be one off at its edge; where calls must keep a distance it is only a rough measure. */
function nearRate(rate: RateBound): number {
  if (rate.spaced && rate.paced) return 0.3 * rate.base;
  return rate.base >= 10 ? 1 : 0;
}

/** @param near how far below its base the bound may still be the reason */
function costOf(bound: Bound, used: number, near: number): number {
  const most = Math.max(1, peakOf(bound.peak));
  const depth = Math.max(0, (most - used) / most);
  if (bound.high === null)
    return bound.once > 0 && used >= bound.once - near ? ONCE_SUSPECT : NEVER_REFUSED + depth;
  const base = Math.max(bound.base, bound.fellFrom);
  if (used >= base - near) return (bound.proven ? 0 : SUSPECT) + depth * DEPTH;
  if (most < STALE_SHARE * base) return BELOW_BASE + STALE + depth;
  return BELOW_BASE + (base - used) / base;
}
