import { createRandom } from "@rushes/test-rig";
import { CALLBACK, POLLING, type Account, type Course, type RateLimit } from "./account.ts";
import { logBetween } from "./random.ts";

const MINUTE_MS = 60_000;

const limiter = (kind: RateLimit["kind"], perMinute: number, burst = 0): RateLimit => ({
  kind,
  perMinute,
  burst,
});

const STEADY = {
  concurrency: [[0, null]] as Course<number | null>,
  rate: [[0, null]] as Course<RateLimit | null>,
  hints: "none" as const,
  refusalsCount: false,
  generationMs: [60_000, 90_000] as const,
  roundTripMs: [200, 500] as const,
  finish: POLLING,
};

/** The ten of the controller's design, each with looks every 7.5 s. */
export const SCENARIOS: readonly Account[] = [
  { ...STEADY, name: "A", about: "20 in flight", concurrency: [[0, 20]] },
  { ...STEADY, name: "B", about: "20/min sliding", rate: [[0, limiter("sliding", 20)]] },
  {
    ...STEADY,
    name: "C",
    about: "20/min fixed + Retry-After",
    rate: [[0, limiter("fixed", 20)]],
    hints: "retry-after",
  },
  {
    ...STEADY,
    name: "D",
    about: "30/min and 10 in flight",
    rate: [[0, limiter("sliding", 30)]],
    concurrency: [[0, 10]],
  },
  {
    ...STEADY,
    name: "E",
    about: "12/min and 18 in flight",
    rate: [[0, limiter("sliding", 12)]],
    concurrency: [[0, 18]],
  },
  {
    ...STEADY,
    name: "F",
    about: "in flight 20→6→40→12",
    concurrency: [
      [0, 20],
      [30 * MINUTE_MS, 6],
      [60 * MINUTE_MS, 40],
      [90 * MINUTE_MS, 12],
    ],
  },
  {
    ...STEADY,
    name: "G",
    about: "bucket 20→5→40/min",
    rate: [
      [0, limiter("bucket", 20, 5)],
      [40 * MINUTE_MS, limiter("bucket", 5, 5)],
      [80 * MINUTE_MS, limiter("bucket", 40, 5)],
    ],
  },
  { ...STEADY, name: "H", about: "2 in flight", concurrency: [[0, 2]] },
  {
    ...STEADY,
    name: "I",
    about: "600/min and 200 in flight",
    rate: [[0, limiter("sliding", 600)]],
    concurrency: [[0, 200]],
  },
  {
    ...STEADY,
    name: "J",
    about: "20/min, refusals count",
    rate: [[0, limiter("sliding", 20)]],
    refusalsCount: true,
  },
];

/** Accounts that rise without having fallen before, to see how soon that is found. */
export const RAISED: readonly Account[] = [
  {
    ...STEADY,
    name: "K",
    about: "in flight 6→40, never fallen",
    concurrency: [
      [0, 6],
      [60 * MINUTE_MS, 40],
    ],
  },
  {
    ...STEADY,
    name: "L",
    about: "bucket 5→40/min, never fallen",
    rate: [
      [0, limiter("bucket", 5, 5)],
      [60 * MINUTE_MS, limiter("bucket", 40, 5)],
    ],
  },
];

/** The same account where a callback tells of an end after a second. */
export function withCallback(account: Account): Account {
  return { ...account, name: `${account.name}′`, finish: CALLBACK };
}

/**
 * Accounts nobody designed: 5–300 requests a minute and 2–100 in flight (even on a logarithmic scale), three kinds of
 * limiters, four kinds of hints, half with callbacks; for 40 % a limit changes in the middle to 0.3–3 times itself, and
 * for 20 % refused calls count (not in buckets: an empty bucket has nothing to take).
 */
export function randomAccounts(count: number, seed: number): Account[] {
  const random = createRandom(seed);
  const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T;
  return Array.from({ length: count }, (_, index) => {
    const kind = pick(["sliding", "fixed", "bucket"] as const);
    const rate = Math.round(logBetween([5, 300], random));
    const places = Math.round(logBetween([2, 100], random));
    const share = pick([0, 0.1, 0.25, 0.5]);
    const burst = (value: number) => Math.max(2, Math.round(value * share));
    const changes = random() < 0.4;
    const changed = (value: number, least: number) =>
      Math.max(least, Math.round(value * logBetween([0.3, 3], random)));
    const what = changes ? pick(["rate", "places"] as const) : "nothing";
    const newRate = what === "rate" ? changed(rate, 2) : rate;
    const newPlaces = what === "places" ? changed(places, 1) : places;
    const refusalsCount = kind !== "bucket" && random() < 0.3;
    const halfMs = 60 * MINUTE_MS;
    const arrow = (from: number, to: number) => (from === to ? `${from}` : `${from}→${to}`);
    return {
      ...STEADY,
      name: `${index + 1}`,
      about: `${arrow(rate, newRate)}/min ${kind}${kind === "bucket" ? ` (${burst(rate)})` : ""}, ${arrow(places, newPlaces)} in flight`,
      rate: [
        [0, limiter(kind, rate, burst(rate))],
        [halfMs, limiter(kind, newRate, burst(newRate))],
      ],
      concurrency: [
        [0, places],
        [halfMs, newPlaces],
      ],
      hints: pick(["none", "retry-after", "reason", "both"] as const),
      refusalsCount,
      generationMs: pick([[60_000, 90_000] as const, [90_000, 120_000] as const, [60_000, 120_000] as const]),
      finish: pick([POLLING, CALLBACK]),
    };
  });
}
