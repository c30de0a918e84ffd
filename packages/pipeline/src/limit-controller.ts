/**
 * Finds an account's hidden limits by reading its refusals, and keeps them. Two constraints may bind, change at any time
 * and look alike in a 429: tasks in flight ("places"), and accepted requests per minute ("rate"). All replicas share one
 * state; it is plain data, and time comes from outside.
 *
 * The states, per account:
 *
 * - *fresh*: no 429 yet. Calls go out as long as few of them wait for an answer, so that the first overshoot is small.
 * - *doubt*: a refusal that both constraints explain, since both were in use to the same degree. Neither is exceeded, but
 *   for one call now and then that one of them forbids: an acceptance clears it, a refusal in the other's absence
 *   convicts it. An acceptance that neither count permits shows that calls must keep a distance: a *search* begins.
 * - *held*: a bound is proven. Usage stays below it, the rate at an even pace. After enough acceptances at the bound one
 *   call goes beyond it (a *probe*): accepted, it raises the bound and hastens the next probe; refused, it costs one
 *   429. About one in forty, or one in four minutes: with hard limits nothing cheaper finds a raise. One in fourteen within
 *   an hour after the limit was far higher.
 * - *climb* (places only): probes took more than tasks that ended unseen can have left. Each acceptance is followed by the
 *   next probe until one is refused.
 * - *search* (rate only): the pace rises with each acceptance until a refusal ends it.
 * - *falling*: refusals in a row without an acceptance. They have one cause; its bound follows the usage down, by more
 *   than one from the second on, and rests grow.
 *
 * A bound moves only by answers: up to what was accepted, down to what was refused. Who is blamed for a refusal is
 * reckoned in `limits/culprit.ts`. More in flight than ever accepted since the limit last fell, too, is one probe at a
 * time, and there is one probe at a time over everything. Limits that are fixed are never exceeded and never probed.
 *
 * Looks at running tasks (`statusTask`) have evidence of their own: refused looks stretch the gaps between looks, and
 * hold new submits only when running tasks begin to starve. Refused submits never slow looks.
 */
import { learnAcceptance } from "./limits/learn-acceptance.ts";
import { admit } from "./limits/admission.ts";
import { describe, type LimitsDescription } from "./limits/describe.ts";
import { createState, type LimitSettings, type LimitState, type Probe } from "./limits/limit-state.ts";
import { lookStretch, stretchLooks } from "./limits/looks.ts";
import { learnRefusal } from "./limits/learn-refusal.ts";
import { add, dropUntil, take, takeExact } from "./limits/tally.ts";
import { DEADLINE_MS, DOUBT_GROWTH, DOUBT_LONGEST_MS, LEASE_MS, WINDOW_MS } from "./limits/tuning.ts";
import { countsRefusals, paceMs } from "./limits/usage.ts";

export type { Certainty, LimitsDescription } from "./limits/describe.ts";
export type { LimitSettings, LimitState } from "./limits/limit-state.ts";

/**
 * `nowMs`: one clock for all replicas, Redis time. `random`: uniform in [0, 1); only `lookDelayMs` draws on it, so that
 * looks do not march in step.
 */
export type LimitContext = { nowMs: number; random: () => number };

/** What a 429 said beyond itself. */
export type RefusalHint = { retryAfterMs?: number; reason?: "rate" | "concurrency" };

/** `untilMs`: ask again then, on the same clock; null = when something finishes or is answered. */
export type Decision = { go: true } | { go: false; untilMs: number | null };

/** A state that knows nothing but what is fixed. It survives JSON, and stays below a few kilobytes. */
export function createLimits(settings: LimitSettings = {}): LimitState {
  const state = createState(settings.timeScale ?? 1);
  fix(state, settings);
  return state;
}

/**
 * From now on these limits are fixed, and those not named are learned. What was learned stays; below a fixed limit it
 * goes on to count. A window longer than a minute knows only the last minute at first. `timeScale` cannot change.
 */
export function pinLimits(state: LimitState, settings: Omit<LimitSettings, "timeScale">): void {
  fix(state, settings);
}

/** Whether one more call may go out now. Changes nothing; who sends says so with `noteSent`. */
export function decide(state: LimitState, { nowMs }: LimitContext): Decision {
  const admission = admit(state, nowMs);
  return admission.go ? { go: true } : admission;
}

/** A call is about to leave, decided at the same time. Its name from now on is this `nowMs`. */
export function noteSent(state: LimitState, { nowMs }: LimitContext): void {
  tidy(state, nowMs);
  const admission = admit(state, nowMs);
  if (admission.go && admission.probe !== null) beginProbe(state, admission.probe);
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

/** The call sent then was accepted; the task's name for `noteFinished` is this `nowMs`. */
export function noteAccepted(state: LimitState, { nowMs }: LimitContext, sentAtMs: number): void {
  tidy(state, nowMs);
  const probe = endProbe(state, sentAtMs);
  // The late answer of a call that was given up as unanswered: its task is in the books already.
  if (!takeExact(state.pending, sentAtMs)) return;
  add(state.running, nowMs);
  add(state.window, nowMs);
  state.accepted += 1;
  learnAcceptance(state, probe, nowMs);
}

/** The call sent then met a 429; nothing was accepted. */
export function noteRefused(
  state: LimitState,
  { nowMs }: LimitContext,
  sentAtMs: number,
  hint: RefusalHint = {},
): void {
  tidy(state, nowMs);
  const probe = endProbe(state, sentAtMs);
  if (!takeExact(state.pending, sentAtMs)) return;
  if (!countsRefusals(state)) state.rate.paceAtMs -= paceMs(state);
  learnRefusal(state, { probe, hint }, sentAtMs, nowMs);
  add(state.refused, nowMs);
}

/** The call never reached the provider, or was turned down for a reason that has nothing to do with limits. */
export function noteNotSent(state: LimitState, { nowMs }: LimitContext, sentAtMs: number): void {
  tidy(state, nowMs);
  endProbe(state, sentAtMs);
  takeExact(state.pending, sentAtMs);
}

/** Sent, and no answer will come: it counts as accepted, proves nothing, and ends a probe. */
export function noteUnanswered(state: LimitState, { nowMs }: LimitContext, sentAtMs: number): void {
  tidy(state, nowMs);
  if (takeExact(state.pending, sentAtMs)) bookUnanswered(state, sentAtMs, nowMs);
}

/** The task is known to have ended. For an unanswered call, `acceptedAtMs` is the time it was sent. */
export function noteFinished(state: LimitState, { nowMs }: LimitContext, acceptedAtMs: number): void {
  tidy(state, nowMs);
  // Of a task that was given up before, nothing is left to take.
  if (acceptedAtMs > nowMs - LEASE_MS * state.scale) take(state.running, acceptedAtMs);
}

/**
 * What another book, such as that of the leases, says of the tasks in flight, without calls that wait for an answer:
 * the times of their acceptance, in any order. Mends the count after ends that were lost with a replica.
 */
export function noteRunning(
  state: LimitState,
  { nowMs }: LimitContext,
  acceptedAtMs: readonly number[],
): void {
  tidy(state, nowMs);
  state.running = [];
  for (const timeMs of acceptedAtMs.toSorted((a, b) => a - b)) add(state.running, timeMs);
}

/** A look at a running task met a 429. This alone writes for looks; the stretch wears off by itself. */
export function noteLookRefused(state: LimitState, { nowMs }: LimitContext, hint: RefusalHint = {}): void {
  stretchLooks(state, nowMs, hint.retryAfterMs);
}

/**
 * How long to wait for the next look where the schedule says `gapMs`: as long, while no look was refused; then more and
 * more, 5 s up to 10 s first, and up to a minute when looks go on being refused.
 */
export function lookDelayMs(state: LimitState, { nowMs, random }: LimitContext, gapMs: number): number {
  const stretch = lookStretch(state, nowMs);
  const stretchedMs = stretch === 1 ? gapMs : gapMs * stretch * (1 + 0.1 * random());
  return Math.max(stretchedMs, state.looks.heldUntilMs - nowMs);
}

/** The state in words and numbers, for people and metrics. */
export function describeLimits(state: LimitState, { nowMs }: LimitContext): LimitsDescription {
  return describe(state, nowMs);
}

function fix(state: LimitState, settings: LimitSettings): void {
  state.fixedConcurrency = settings.fixedConcurrency ?? null;
  state.fixedRate = settings.fixedRate ?? null;
  state.fixedWindowMs = settings.fixedWindowMs ?? WINDOW_MS * state.scale;
}

function beginProbe(state: LimitState, probe: Probe): void {
  state.probe = probe;
  const { doubt } = state;
  if (probe.kind !== "doubt" || doubt === null) return;
  doubt.nextMs = probe.sentAtMs + doubt.gapMs * state.scale;
  doubt.gapMs = Math.min(DOUBT_LONGEST_MS, doubt.gapMs * DOUBT_GROWTH);
  const alone = probe.places ? "places" : "rate";
  if (probe.places !== probe.rate && !doubt.tested.includes(alone)) doubt.tested.push(alone);
}

function endProbe(state: LimitState, sentAtMs: number): Probe | null {
  const { probe } = state;
  if (probe?.sentAtMs !== sentAtMs) return null;
  state.probe = null;
  return probe;
}

function bookUnanswered(state: LimitState, sentAtMs: number, nowMs: number): void {
  endProbe(state, sentAtMs);
  add(state.running, sentAtMs);
  add(state.window, Math.min(nowMs, sentAtMs + DEADLINE_MS * state.scale));
}

/** Calls of replicas that died become unanswered; what no longer counts is dropped. */
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
