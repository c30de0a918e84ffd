import { valueAt, type Account } from "./account.ts";
import { learned } from "./contenders/learned.ts";
import { TWO_HOURS_MS } from "./compare.ts";
import { median } from "../quantile.ts";
import { simulate } from "./simulate.ts";

const EVERY_MS = 1_000;
/** A raise counts as found at this share of the new limit. */
const FOUND = 0.9;
/** Acceptances in a row that end a series of refusals. */
const CALM = 10;

export type Adaptation = {
  change: string;
  /** From the fall to the last refusal before calls go through again. */
  absorbedMs: number | null;
  /** From the raise until nearly all of it is used, and what was accepted meanwhile. */
  foundMs: number | null;
  foundAccepted: number | null;
};

/** How long each change of a scenario's limit took to arrive; medians over the seeds. */
export function measureAdaptation(account: Account, seeds: readonly number[]): Adaptation[] {
  const places = account.concurrency.length > 1;
  const course = places ? account.concurrency : account.rate;
  const runs = seeds.map((seed) =>
    simulate(account, learned, { seed, durationMs: TWO_HOURS_MS, momentsEveryMs: EVERY_MS }),
  );
  return course.slice(1).map(([changedMs], index) => {
    const limit = (atMs: number) =>
      places ? (valueAt(account.concurrency, atMs) ?? 0) : (valueAt(account.rate, atMs)?.perMinute ?? 0);
    const [from, to] = [limit(changedMs - 1), limit(changedMs)];
    const untilMs = course[index + 2]?.[0] ?? TWO_HOURS_MS;
    const inside = (atMs: number) => atMs >= changedMs && atMs < untilMs;
    const measured = runs.map(({ acceptedAtMs, refusedAtMs, moments }) => {
      if (to < from) {
        const refused = refusedAtMs.filter(inside);
        const last = refused.find((atMs, place) => {
          const next = refused[place + 1] ?? untilMs;
          return acceptedAtMs.filter((accepted) => accepted > atMs && accepted < next).length >= CALM;
        });
        return { ms: (last ?? changedMs) - changedMs, accepted: 0 };
      }
      const found = moments.find(
        ({ atMs, inFlight, acceptedLastMinute }) =>
          inside(atMs) && (places ? inFlight : acceptedLastMinute) >= FOUND * to,
      );
      const foundMs = found?.atMs ?? untilMs;
      return {
        ms: foundMs - changedMs,
        accepted: acceptedAtMs.filter((atMs) => atMs >= changedMs && atMs < foundMs).length,
      };
    });
    const ms = median(measured.map((one) => one.ms));
    const fell = to < from;
    return {
      change: `${account.name} ${from}→${to}`,
      absorbedMs: fell ? ms : null,
      foundMs: fell ? null : ms,
      foundAccepted: fell ? null : median(measured.map(({ accepted }) => accepted)),
    };
  });
}
