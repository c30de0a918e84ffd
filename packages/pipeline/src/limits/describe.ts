import type { LimitState } from "./limit-state.ts";
import { lookStretch } from "./looks.ts";
import { DEADLINE_MS } from "./tuning.ts";
import { countsRefusals, usageOf } from "./usage.ts";

/** What a limit state says to people and to metrics. Times are absolute, on the state's clock. */
export type LimitsDescription = {
  /** Tasks in flight, with calls that wait for an answer. */
  inFlight: number;
  pending: number;
  /** Requests of the last minute that count. */
  lastMinute: number;
  /** Tasks in flight that are allowed now; null = no limit is known. */
  limit: number | null;
  /** Requests a minute that are allowed now; null = no limit is known. */
  ratePerMinute: number | null;
  /** How sure each limit is: fixed by somebody, convicted by refusals, suspected, or nothing known. */
  limitIs: Certainty;
  rateIs: Certainty;
  /** The most tasks that were in flight at once since the limit last fell. */
  proven: number;
  /** What the one call beyond, if there is one underway, tests. */
  probing: "places" | "rate" | "doubt" | "beyond" | null;
  /** Acceptances until a known bound may be tested again, if it blocks by then. */
  acceptancesToProbe: number;
  restUntilMs: number | null;
  /** A 429 was seen at some time. */
  throttled: boolean;
  refusalsCount: boolean;
  /** How much the gaps between looks at running tasks are stretched; 1 = not at all. */
  lookStretch: number;
};

export type Certainty = "fixed" | "proven" | "suspected" | "unknown";

export function describe(state: LimitState, nowMs: number): LimitsDescription {
  const { places, rate, probe, scale } = state;
  const use = usageOf(state, nowMs);
  const minute = 60_000 * scale;
  const fixedPerMinute = state.fixedRate === null ? null : (state.fixedRate * minute) / state.fixedWindowMs;
  const toProbe = [places, rate].flatMap(({ high, ease, calm }) => (high === null ? [] : [ease - calm]));
  return {
    inFlight: use.inFlight,
    pending: use.pending,
    lastMinute: use.inWindow,
    limit: lower(places.high === null ? null : Math.ceil(places.high), state.fixedConcurrency),
    ratePerMinute: lower(rate.high, fixedPerMinute),
    limitIs: certainty(places, state.fixedConcurrency),
    rateIs: certainty(rate, fixedPerMinute),
    proven: state.proven,
    probing: probe !== null && nowMs - probe.sentAtMs < DEADLINE_MS * scale ? probe.kind : null,
    acceptancesToProbe: toProbe.length === 0 ? 0 : Math.max(0, Math.min(...toProbe)),
    restUntilMs: state.restUntilMs > nowMs ? state.restUntilMs : null,
    throttled: state.throttled,
    refusalsCount: countsRefusals(state),
    lookStretch: lookStretch(state, nowMs),
  };
}

function lower(learned: number | null, fixed: number | null): number | null {
  if (learned === null || fixed === null) return learned ?? fixed;
  return Math.min(learned, fixed);
}

function certainty({ high, proven }: LimitState["places"], fixed: number | null): Certainty {
  if (fixed !== null && (high === null || high >= fixed)) return "fixed";
  if (high === null) return "unknown";
  return proven ? "proven" : "suspected";
}
