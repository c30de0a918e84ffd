import { valueAt, type Account, type Course } from "./account.ts";
import { learned } from "./contenders/learned.ts";
import { TWO_HOURS_MS } from "./compare.ts";
import { median } from "../quantile.ts";
import { simulate, type Run } from "./simulate.ts";

const EVERY_MS = 1_000;
/** A raise counts as found at this share of the new limit. */
const FOUND = 0.9;
/** Acceptances in a row that end a series of refusals. */
const CALM = 10;
/**
 * How long the next probe is away when a limit changes decides how soon the change is seen. So the changes come at that
 * many different moments, spread over ten minutes, each with a seed of its own.
 */
const RUNS = 20;
const SPREAD_MS = 600_000;

/** When it was so far, and what was accepted meanwhile. */
type Found = { ms: number; accepted: number };

/** Medians. */
export type Adaptation = { change: string } & (
  | {
      /** From the fall to the last refusal before calls go through again. */
      absorbedMs: number;
    }
  | {
      /** The controller's bound is nearly there: it allows what is new. */
      allowed: Found;
      /** Nearly all of it is in use: tasks in flight, or calls of a whole minute. */
      used: Found;
    }
);

/** How long each change of an account's limit took to arrive. */
export function measureAdaptation(account: Account): Adaptation[] {
  const byPlaces = account.concurrency.length > 1;
  const runs = Array.from({ length: RUNS }, (_, seed) => {
    const shifted = shift(account, (seed / RUNS) * SPREAD_MS);
    const options = { seed, durationMs: TWO_HOURS_MS, momentsEveryMs: EVERY_MS };
    return { account: shifted, run: simulate(shifted, learned, options) };
  });
  const changes = (byPlaces ? account.concurrency : account.rate).length - 1;
  return Array.from({ length: changes }, (_, index) => {
    const measured = runs.map((one) => measureChange(one, byPlaces, index + 1));
    const { from, to } = measured[0] ?? { from: 0, to: 0 };
    const change = `${account.name} ${from}→${to}`;
    if (to < from) return { change, absorbedMs: median(measured.map(({ absorbedMs }) => absorbedMs)) };
    const middle = (pick: (one: (typeof measured)[number]) => Found): Found => ({
      ms: median(measured.map((one) => pick(one).ms)),
      accepted: median(measured.map((one) => pick(one).accepted)),
    });
    return { change, allowed: middle(({ allowed }) => allowed), used: middle(({ used }) => used) };
  });
}

function shift(account: Account, byMs: number): Account {
  const later = <T>(course: Course<T>): Course<T> =>
    course.map(([fromMs, value]) => [fromMs === 0 ? 0 : fromMs + byMs, value] as const);
  return { ...account, concurrency: later(account.concurrency), rate: later(account.rate) };
}

function measureChange({ account, run }: { account: Account; run: Run }, byPlaces: boolean, index: number) {
  const course = byPlaces ? account.concurrency : account.rate;
  const limitAt = (atMs: number) =>
    (byPlaces ? valueAt(account.concurrency, atMs) : valueAt(account.rate, atMs)?.perMinute) ?? 0;
  const changedMs = course[index]?.[0] ?? 0;
  const untilMs = course[index + 1]?.[0] ?? TWO_HOURS_MS;
  const [from, to] = [limitAt(changedMs - 1), limitAt(changedMs)];
  const inside = (atMs: number) => atMs >= changedMs && atMs < untilMs;

  const refused = run.refusedAtMs.filter(inside);
  const last = refused.find((atMs, place) => {
    const next = refused[place + 1] ?? untilMs;
    return run.acceptedAtMs.filter((accepted) => accepted > atMs && accepted < next).length >= CALM;
  });
  const moments = run.moments.filter(({ atMs }) => inside(atMs));
  const first = (reached: (moment: (typeof moments)[number]) => number): Found => {
    const atMs = moments.find((moment) => reached(moment) >= FOUND * to)?.atMs ?? untilMs;
    return {
      ms: atMs - changedMs,
      accepted: run.acceptedAtMs.filter((accepted) => accepted >= changedMs && accepted < atMs).length,
    };
  };
  return {
    from,
    to,
    absorbedMs: (last ?? changedMs) - changedMs,
    allowed: first(({ limit, ratePerMinute }) => (byPlaces ? limit : ratePerMinute)),
    used: first(({ inFlight, acceptedLastMinute }) => (byPlaces ? inFlight : acceptedLastMinute)),
  };
}
