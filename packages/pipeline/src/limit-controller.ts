import { add, countAfter, dropUntil, take, timeUntilAtMost, type Tally } from "./limits/tally.ts";

export type LimitSettings = {
  fixedConcurrency?: number;
  fixedRate?: number;
  fixedWindowMs?: number;
  timeScale?: number;
};
export type LimitContext = { nowMs: number; random: () => number };
export type RefusalHint = { retryAfterMs?: number; reason?: "rate" | "concurrency" };
export type Decision = { go: true } | { go: false; untilMs: number | null };

type Kind = "places" | "rate";
type Bound = {
  high: number | null;
  proven: boolean;
  low: number;
  lowBefore: number;
  lowSinceMs: number;
  /** accepted at the bound since the last event */
  calm: number;
  ease: number;
  streak: number;
  fellAtMs: number;
};
type Probe = {
  sentAtMs: number;
  kind: "places" | "rate" | "suspects" | "top";
  places: boolean;
  rate: boolean;
};

export type LimitState = {
  version: 1;
  scale: number;
  fixedConcurrency: number | null;
  fixedRate: number | null;
  fixedWindowMs: number;
  pending: Tally;
  running: Tally;
  window: Tally;
  refused: Tally;
  accepted: number;
  throttled: boolean;
  places: Bound;
  rate: Bound;
  top: number;
  paceAtMs: number;
  paced: boolean;
  search: boolean;
  probe: Probe | null;
  refusedAtMs: number;
  blamed: Kind | "both" | null;
  strikes: number;
  restUntilMs: number;
  suspectAtMs: number;
  lastSentMs: number;
  sentGapMs: number;
  suspectDelay: number;
  tested: string[];
  eventAtMs: number;
  shortestMs: number | null;
  counting: number;
  timedHints: boolean;
};

export const TUNE = {
  windowMs: 60_000,
  deadlineMs: 35_000,
  leaseMs: 1_800_000,
  guardMs: 600,
  lowMs: 150_000,
  freshShare: 0.25,
  ease: [40, 6, 3, 2, 1, 0],
  gapMs: 2_000,
  grow: 1.4,
  tolerance: 0.1,
  costClear: 0.15,
  costBelow: 0.1,
  costClump: 0.15,
};

const newBound = (): Bound => ({
  high: null,
  proven: false,
  low: 0,
  lowBefore: 0,
  lowSinceMs: 0,
  calm: 0,
  ease: TUNE.ease[0] as number,
  streak: 0,
  fellAtMs: 0,
});

export function createLimits(settings: LimitSettings = {}): LimitState {
  const scale = settings.timeScale ?? 1;
  return {
    version: 1,
    scale,
    fixedConcurrency: settings.fixedConcurrency ?? null,
    fixedRate: settings.fixedRate ?? null,
    fixedWindowMs: settings.fixedWindowMs ?? TUNE.windowMs * scale,
    pending: [],
    running: [],
    window: [],
    refused: [],
    accepted: 0,
    throttled: false,
    places: newBound(),
    rate: newBound(),
    top: 0,
    paceAtMs: 0,
    paced: false,
    search: false,
    probe: null,
    refusedAtMs: 0,
    blamed: null,
    strikes: 0,
    restUntilMs: 0,
    suspectAtMs: 0,
    lastSentMs: 0,
    sentGapMs: 0,
    suspectDelay: 1000,
    tested: [],
    eventAtMs: 0,
    shortestMs: null,
    counting: 0,
    timedHints: false,
  };
}

const total = (tally: Tally) => {
  let sum = 0;
  for (const [, n] of tally) sum += n;
  return sum;
};

type Usage = { places: number; rate: number; pending: number };

function usage(s: LimitState, nowMs: number): Usage {
  const pending = total(s.pending);
  const alive = countAfter(s.pending, nowMs - TUNE.deadlineMs * s.scale);
  const running = countAfter(s.running, nowMs - TUNE.leaseMs * s.scale);
  const windowFrom = nowMs - TUNE.windowMs * s.scale;
  const rate =
    countAfter(s.window, windowFrom) + pending + (s.counting >= 2 ? countAfter(s.refused, windowFrom) : 0);
  return { places: running + pending, rate, pending: alive };
}

type Admission = { go: true; probe: Probe | null } | { go: false; untilMs: number | null };

function admit(s: LimitState, nowMs: number): Admission {
  const use = usage(s, nowMs);
  const wait = (untilMs: number | null): Admission => ({ go: false, untilMs });
  if (s.fixedConcurrency !== null && use.places >= s.fixedConcurrency) return wait(null);
  if (s.fixedRate !== null) {
    const from = nowMs - s.fixedWindowMs;
    const inWindow = [...s.window, ...s.refused].filter(([t]) => t > from).toSorted((a, b) => a[0] - b[0]);
    const pending = total(s.pending);
    if (total(inWindow) + pending >= s.fixedRate) {
      const t = pending >= s.fixedRate ? null : timeUntilAtMost(inWindow, s.fixedRate - pending - 1);
      return wait(t === null ? null : t + s.fixedWindowMs);
    }
  }
  if (nowMs < s.restUntilMs) return wait(s.restUntilMs);
  if (!s.throttled) {
    if (s.fixedConcurrency !== null && s.fixedRate !== null) return { go: true, probe: null };
    return use.pending < Math.max(1, Math.floor(s.accepted * TUNE.freshShare))
      ? { go: true, probe: null }
      : wait(null);
  }
  const probing = s.probe !== null && nowMs - s.probe.sentAtMs < TUNE.deadlineMs * s.scale;
  if (use.pending >= Math.max(2, Math.floor(s.top * 0.05))) return wait(null);

  const { places, rate } = s;
  const placesBlock = places.high !== null && use.places >= places.high;
  const windowBlocks = rate.high !== null && use.rate >= rate.high + (s.search ? 1 : 0);
  const paceOpens = rate.high === null || !(rate.proven || s.search) ? 0 : s.paceAtMs - TUNE.tolerance * pace(s);
  const paceBlocks = nowMs < paceOpens;
  const rateBlocks = windowBlocks || paceBlocks;
  const probe = (kind: Probe["kind"]): Admission =>
    probing
      ? wait(null)
      : { go: true, probe: { sentAtMs: nowMs, kind, places: placesBlock, rate: rateBlocks } };
  if (!placesBlock && !rateBlocks) {
    if (use.places >= s.top) return probe("top");
    return { go: true, probe: null };
  }
  const rateOpens = (): number | null => {
    let t: number | null = paceBlocks ? paceOpens : null;
    if (windowBlocks) {
      const pending = total(s.pending);
      const most = Math.ceil((rate.high ?? 0) + (s.search ? 1 : 0)) - 1 - pending;
      const counted =
        s.counting >= 2 ? [...s.window, ...s.refused].toSorted((a, b) => a[0] - b[0]) : s.window;
      const from = nowMs - TUNE.windowMs * s.scale;
      const w =
        most < 0
          ? null
          : timeUntilAtMost(
              counted.filter(([x]) => x > from),
              most,
            );
      if (w === null) return null;
      t = Math.max(t ?? 0, w + TUNE.windowMs * s.scale);
    }
    return t;
  };
  const opens = placesBlock ? null : rateOpens();
  const suspectsOnly = (!placesBlock || !places.proven) && (!rateBlocks || !rate.proven);
  if (suspectsOnly && !s.search) {
    const kind = `${placesBlock ? "places" : ""}${rateBlocks ? "rate" : ""}`;
    if (nowMs >= s.suspectAtMs || (kind.length < 11 && !s.tested.includes(kind))) return probe("suspects");
    return wait(opens === null ? s.suspectAtMs : Math.min(opens, s.suspectAtMs));
  }
  if (placesBlock && rateBlocks) return wait((null ?? s.paceAtMs > nowMs) ? s.paceAtMs : null);
  const bound = placesBlock ? places : rate;
  if (bound.calm >= bound.ease && !(rateBlocks && s.search)) {
    const at = bound.fellAtMs + TUNE.gapMs * s.scale;
    if (nowMs >= at) return probe(placesBlock ? "places" : "rate");
    return wait(opens === null ? at : Math.min(at, opens));
  }
  return wait(opens);
}

function pace(s: LimitState): number {
  return s.rate.high === null ? 0 : (TUNE.windowMs * s.scale) / s.rate.high;
}

export function decide(state: LimitState, context: LimitContext): Decision {
  const admission = admit(state, context.nowMs);
  return admission.go ? { go: true } : admission;
}

function settle(s: LimitState, nowMs: number): void {
  const stale = nowMs - TUNE.deadlineMs * s.scale;
  while (s.pending[0] !== undefined && s.pending[0][0] <= stale) {
    const t = s.pending[0][0];
    take(s.pending, t);
    unanswered(s, nowMs, t);
  }
  dropUntil(s.running, nowMs - TUNE.leaseMs * s.scale);
  const keep = nowMs - Math.max(TUNE.windowMs * s.scale, s.fixedRate === null ? 0 : s.fixedWindowMs);
  dropUntil(s.window, keep);
  dropUntil(s.refused, keep);
}

function unanswered(s: LimitState, nowMs: number, sentAtMs: number): void {
  add(s.running, sentAtMs);
  add(s.window, nowMs);
  if (s.probe?.sentAtMs === sentAtMs) s.probe = null;
}

export function noteSent(state: LimitState, context: LimitContext): void {
  const { nowMs } = context;
  settle(state, nowMs);
  const admission = admit(state, nowMs);
  if (admission.go && admission.probe) {
    state.probe = admission.probe;
    if (admission.probe.kind === "suspects") {
      state.suspectAtMs = nowMs + state.suspectDelay * state.scale;
      state.suspectDelay = Math.min(64_000, state.suspectDelay * 2);
      state.tested.push(`${admission.probe.places ? "places" : ""}${admission.probe.rate ? "rate" : ""}`);
      state.tested = [...new Set(state.tested)];
    }
  }
  add(state.pending, nowMs);
  state.sentGapMs = nowMs - state.lastSentMs;
  state.lastSentMs = nowMs;
  if (state.rate.high !== null) {
    const interval = pace(state);
    state.paced = nowMs - state.paceAtMs < 0.5 * interval;
    state.paceAtMs = Math.max(state.paceAtMs, nowMs) + interval;
  }
}

function lowOf(bound: Bound): number {
  return Math.max(bound.low, bound.lowBefore);
}
function raiseLow(s: LimitState, bound: Bound, value: number, nowMs: number): void {
  if (nowMs - bound.lowSinceMs > TUNE.lowMs * s.scale) {
    bound.lowBefore = bound.low;
    bound.low = 0;
    bound.lowSinceMs = nowMs;
  }
  bound.low = Math.max(bound.low, value);
}

function clear(bound: Bound): void {
  bound.high = null;
  bound.proven = false;
  bound.calm = 0;
  bound.streak = 0;
}


export function noteAccepted(state: LimitState, context: LimitContext, sentAtMs: number): void {
  const s = state;
  const { nowMs } = context;
  settle(s, nowMs);
  const probe = s.probe?.sentAtMs === sentAtMs ? s.probe : null;
  if (probe) s.probe = null;
  const before = usage(s, nowMs);
  take(s.pending, sentAtMs);
  add(s.running, nowMs);
  add(s.window, nowMs);
  s.accepted += 1;
  const { places, rate } = s;
  const inFlight = total(s.running);
  s.top = Math.max(s.top, inFlight);
  raiseLow(s, places, inFlight, nowMs);
  raiseLow(s, rate, countAfter(s.window, nowMs - TUNE.windowMs * s.scale), nowMs);
  if (s.rate.high !== null && s.counting > -2) {
    const ref = countAfter(s.refused, nowMs - (TUNE.windowMs - TUNE.guardMs) * s.scale);
    if (ref > 0 && before.rate <= rate.high! && before.rate + (s.counting >= 2 ? 0 : ref) > rate.high! + 0.5)
      s.counting -= 1;
  }
  s.strikes = 0;

  if (probe !== null) {
    const firstRefusedMs = s.eventAtMs;
    if (probe.kind === "suspects") {
      if (probe.places && !places.proven) clear(places);
      if (probe.rate && !rate.proven) clear(rate);
      if (probe.places && probe.rate && places.high === null && rate.high === null) {
        // Neither count explains the refusal: calls came too close to each other.
        const tries = Math.max(1000 * s.scale, nowMs - firstRefusedMs);
        rate.high = Math.max(1, (TUNE.windowMs * s.scale) / tries);
        s.search = true;
        s.paceAtMs = nowMs + pace(s);
      }
    } else if (probe.kind === "places" || probe.kind === "rate") {
      const bound = s[probe.kind];
      bound.streak += 1;
      bound.calm = 0;
      bound.fellAtMs = nowMs;
      bound.ease = TUNE.ease[Math.min(bound.streak, TUNE.ease.length - 1)] as number;
      if (probe.kind === "places") bound.high = Math.max(bound.high ?? 0, inFlight);
      else {
        bound.high = (bound.high ?? 0) + 1;
        if (bound.streak >= 3) s.search = true;
      }
    }
    return;
  }
  if (places.high !== null && inFlight >= places.high - 1) places.calm += 1;
  if (rate.high !== null && s.paced) {
    rate.calm += 1;
    if (s.search) rate.high *= TUNE.grow;
  }
}

export function noteRefused(
  state: LimitState,
  context: LimitContext,
  sentAtMs: number,
  hint: RefusalHint = {},
): void {
  const s = state;
  const { nowMs } = context;
  settle(s, nowMs);
  const probe = s.probe?.sentAtMs === sentAtMs ? s.probe : null;
  if (probe) s.probe = null;
  take(s.pending, sentAtMs);
  const refusedBefore = countAfter(s.refused, nowMs - TUNE.windowMs * s.scale);
  add(s.refused, nowMs);
  if (hint.retryAfterMs !== undefined) s.timedHints = true;
  const { places, rate } = s;
  const use = {
    places: countAfter(s.running, 0) + total(s.pending.filter(([t]) => t <= sentAtMs)),
    rate:
      countAfter(s.window, nowMs - TUNE.windowMs * s.scale) + total(s.pending.filter(([t]) => t <= sentAtMs)),
  };
  if (hint.retryAfterMs !== undefined) s.restUntilMs = Math.max(s.restUntilMs, nowMs + hint.retryAfterMs);

  if (s.throttled && sentAtMs <= s.refusedAtMs) {
    // Left before the last refusal was known: the same event.
    if (s.blamed !== "rate" && places.high !== null)
      places.high = Math.max(1, Math.min(places.high, use.places));
    if (s.blamed !== "places" && rate.high !== null && !s.search)
      rate.high = Math.max(1, Math.min(rate.high, use.rate));
    return;
  }
  s.refusedAtMs = nowMs;
  s.strikes += 1;
  const first = !s.throttled;
  s.throttled = true;

  if (
    probe?.kind === "suspects" &&
    hint.reason === undefined &&
    hint.retryAfterMs === undefined &&
    probe.places &&
    probe.rate
  )
    return;

  const clumped = s.sentGapMs < 0.8 * ((TUNE.windowMs * s.scale) / Math.max(1, lowOf(rate))) && (rate.high === null || rate.high > lowOf(rate) * 1.1 + 1);
  const blame = findCulprit(s, use, probe, hint, clumped && s.accepted > 10);
  s.blamed = blame;
  if (blame === "both") {
    if (first || s.suspectAtMs < nowMs) {
      s.eventAtMs = nowMs;
      s.suspectDelay = 1000;
      s.suspectAtMs = nowMs + s.suspectDelay * s.scale;
      s.suspectDelay *= 2;
      s.tested = [];
    }
    places.high = Math.max(1, use.places);
    rate.high = Math.max(1, use.rate);
    s.paceAtMs = nowMs;
    return;
  }
  s[blame].proven = true;
  const other = s[blame === "places" ? "rate" : "places"];
  if (!other.proven && !(other === rate && s.search)) clear(other);
  if (blame === "places") lowerPlaces(s, use.places, probe, nowMs);
  else lowerRate(s, use.rate, refusedBefore, probe, hint, nowMs);
}

function findCulprit(
  s: LimitState,
  use: { places: number; rate: number },
  probe: Probe | null,
  hint: RefusalHint,
  clumped: boolean,
): Kind | "both" {
  if (hint.reason !== undefined) return hint.reason === "rate" ? "rate" : "places";
  if (hint.retryAfterMs !== undefined) return "rate";
  if (s.fixedConcurrency !== null && s.fixedRate === null) return "rate";
  if (s.fixedRate !== null && s.fixedConcurrency === null) return "places";
  if (probe?.kind === "places" || probe?.kind === "rate") return probe.kind;
  if (probe !== null && probe.places !== probe.rate) return probe.places ? "places" : "rate";
  if (s.strikes > 1 && s.blamed !== null && s.blamed !== "both") return s.blamed;
  if (s.search) return "rate";
  const { places, rate } = s;
  // How deep inside what was accepted lately the refusal lies, plus how little is known of the bound.
  const cost = (bound: Bound, used: number, near: number) => {
    const most = Math.max(1, lowOf(bound));
    const depth = Math.max(0, (most - used) / most);
    const atCap = bound.high !== null && used >= bound.high - near;
    return depth + (bound.high === null ? TUNE.costClear : atCap ? (bound.proven ? 0 : 0.03) : bound.proven ? TUNE.costBelow : 0.12);
  };
  let p = cost(places, use.places, 0);
  if (s.timedHints) p -= 0.3;
  let r = cost(rate, use.rate, 1);
  if (clumped) r = Math.min(r, TUNE.costClump);
  if (!places.proven && !rate.proven && Math.abs(p - r) < 0.05) return "both";
  return p <= r ? "places" : "rate";
}

function lowerPlaces(s: LimitState, used: number, probe: Probe | null, nowMs: number): void {
  const bound = s.places;
  const step = s.strikes >= 2 ? 2 ** (s.strikes - 2) : 0;
  bound.high = Math.max(
    1,
    Math.min(bound.high ?? Number.POSITIVE_INFINITY, used - Math.min(step, used >> 1)),
  );
  s.top = Math.max(1, Math.min(s.top, Math.max(bound.high, used)));
  bound.streak = 0;
  bound.calm = 0;
  bound.ease = s.strikes >= 2 ? 0 : (TUNE.ease[0] as number);
  bound.fellAtMs = nowMs;
  bound.low = Math.min(bound.low, Math.max(used, bound.high));
  bound.lowBefore = Math.min(bound.lowBefore, Math.max(used, bound.high));
  if (used === 0 || s.strikes > 4)
    s.restUntilMs = Math.max(s.restUntilMs, nowMs + Math.min(64_000, 1000 * 2 ** (s.strikes - 1)) * s.scale);
}

function lowerRate(
  s: LimitState,
  used: number,
  refusedBefore: number,
  probe: Probe | null,
  hint: RefusalHint,
  nowMs: number,
): void {
  const bound = s.rate;
  const before = bound.high;
  if (s.search && before !== null) {
    s.search = false;
    bound.high = Math.max(Math.min(used, before), before / TUNE.grow ** 2, 1);
    bound.ease = 6;
  } else if (before === null) {
    bound.high = Math.max(1, used, used < lowOf(bound) * 0.8 ? lowOf(bound) : 0);
    bound.ease = TUNE.ease[0] as number;
    s.paceAtMs = nowMs;
  } else if (probe?.kind === "rate") {
    bound.ease = TUNE.ease[0] as number;
  } else {
    if (s.counting > -3 && used < before && used + refusedBefore >= before)
      s.counting = Math.min(3, s.counting + 1);
    if (s.counting < 2 || s.strikes > 1) {
      const step = s.strikes >= 2 ? before * 0.2 : Math.max(0.5, before * 0.02);
      bound.high = Math.max(1, Math.min(used, before - step));
      bound.ease = s.strikes >= 2 ? 6 : (TUNE.ease[0] as number);
    }
  }
  bound.streak = 0;
  bound.calm = 0;
  bound.fellAtMs = nowMs;
  bound.low = Math.min(bound.low, Math.max(used, bound.high));
  bound.lowBefore = Math.min(bound.lowBefore, Math.max(used, bound.high));
  if (hint.retryAfterMs === undefined && !(probe?.kind === "rate" && s.strikes === 1)) {
    const rest = Math.min(64_000 * s.scale, pace(s) * 2 ** (s.strikes - 1));
    s.restUntilMs = Math.max(s.restUntilMs, nowMs + rest);
  }
}

export function noteNotSent(state: LimitState, context: LimitContext, sentAtMs: number): void {
  settle(state, context.nowMs);
  take(state.pending, sentAtMs);
  if (state.probe?.sentAtMs === sentAtMs) state.probe = null;
}

export function noteUnanswered(state: LimitState, context: LimitContext, sentAtMs: number): void {
  settle(state, context.nowMs);
  if (take(state.pending, sentAtMs)) unanswered(state, context.nowMs, sentAtMs);
}

export function noteFinished(state: LimitState, context: LimitContext, acceptedAtMs: number): void {
  const { nowMs } = context;
  settle(state, nowMs);
  take(state.running, acceptedAtMs);
  const age = nowMs - acceptedAtMs;
  state.shortestMs = state.shortestMs === null ? age : Math.min(state.shortestMs * 1.0005, age);
}
