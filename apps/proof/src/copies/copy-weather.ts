import { createRandom, pickWeighted } from "../seeded-random.ts";

/** So often something is done to a request. */
export const DOWNLOAD_FAULTS = 0.3;
export const BUCKET_FAULTS = 0.2;

/** What a result host does to one GET: fault → weight. */
export const DOWNLOAD_WEATHER = {
  // Cut bodies: one that may go on, one that may not, one whose cut looks like its end, one that announces more than it has.
  cut: 6,
  "cut-without-validator": 3,
  "cut-without-length": 4,
  "cut-in-chunks": 2,
  "announced-longer": 2,
  // The length agrees with what is sent, and what is sent is a part of the file.
  "announced-shorter": 4,
  "cut-gzip": 4,
  "whole-gzip": 1,
  // Whole, but nobody says how long it is.
  "without-length": 4,
  "in-chunks": 4,
  drip: 1,
  silent: 0.5,
  "redirect-to-private": 3,
  "redirect-to-metadata": 1,
  "redirect-in-circles": 1,
  "redirect-once": 3,
  "expired-403": 2,
  "expired-404": 2,
  "expired-410": 2,
  "wrong-type": 3,
  empty: 1,
  "too-large": 2,
  "too-large-in-chunks": 1,
  "reset-before-head": 3,
  "reset-after-head": 3,
  "error-500": 2,
  "error-503": 2,
  "error-429": 1,
} as const;
export type DownloadFault = keyof typeof DOWNLOAD_WEATHER;

/** What a bucket does to one request, by kind of request: fault → weight. */
export const BUCKET_WEATHER = {
  HEAD: { "error-500": 2, "error-503": 2, reset: 2, slow: 2, "plant-foreign": 1, "plant-own": 1 },
  PUT: {
    "error-409": 2,
    "error-500": 2,
    "slow-down-503": 2,
    "error-500-after-body": 2,
    "error-503-after-body": 2,
    "unknown-condition-501": 0.2,
    "reset-before-body": 2,
    "reset-in-body": 3,
    "answer-lost-after-storing": 3,
    "plant-foreign": 2,
    "plant-own": 2,
    slow: 2,
    silent: 0.3,
  },
  GET: { "error-500": 2, "slow-down-503": 2, reset: 2, "cut-body": 3 },
  create: { "error-500": 2, "slow-down-503": 2, "answer-lost-after-storing": 3 },
  part: {
    "error-500": 2,
    "slow-down-503": 2,
    "reset-in-body": 3,
    "error-500-after-body": 2,
    "answer-lost-after-storing": 2,
    slow: 1,
  },
  complete: {
    "error-409": 2,
    "error-500": 2,
    "error-in-200": 2,
    "unknown-condition-501": 0.2,
    "plant-foreign": 2,
    "answer-lost-after-storing": 3,
    reset: 1,
  },
  abort: { "error-500": 2, "slow-down-503": 2, reset: 2, "answer-lost-after-storing": 1 },
  list: { "error-500": 2, "slow-down-503": 2, reset: 2 },
} as const;
export type BucketRequestKind = keyof typeof BUCKET_WEATHER;
export type BucketFault = {
  [Kind in BucketRequestKind]: keyof (typeof BUCKET_WEATHER)[Kind];
}[BucketRequestKind];

/**
 * The weather of one seed. What befalls a request follows from the seed, from what it asks for and from how many asked for
 * that before, and from nothing else: neither from time nor from other requests.
 */
export type CopyWeather = {
  /** Null = behave. `draw` is more chance for the same request: where to cut. */
  ofDownload(name: string): { fault: DownloadFault | null; draw: number };
  ofBucket(kind: BucketRequestKind, key: string): { fault: BucketFault | null; draw: number };
  /** How often each was asked for and what was served. */
  served: Record<"download" | "bucket", { requests: number; faults: Record<string, number> }>;
};

export function createCopyWeather(seed: number): CopyWeather {
  const ordinals = new Map<string, number>();
  const served: CopyWeather["served"] = {
    download: { requests: 0, faults: {} },
    bucket: { requests: 0, faults: {} },
  };

  function draw<Fault extends string>(
    side: "download" | "bucket",
    what: string,
    share: number,
    weights: Readonly<Record<Fault, number>>,
  ): { fault: Fault | null; draw: number } {
    const ordinal = (ordinals.get(what) ?? 0) + 1;
    ordinals.set(what, ordinal);
    served[side].requests += 1;
    const random = createRandom(seed, `${what} ${ordinal}`);
    if (random.next() >= share) return { fault: null, draw: random.next() };
    const fault = pickWeighted(weights, random.next());
    served[side].faults[fault] = (served[side].faults[fault] ?? 0) + 1;
    return { fault, draw: random.next() };
  }

  return {
    served,
    ofDownload: (name) => draw("download", `GET ${name}`, DOWNLOAD_FAULTS, DOWNLOAD_WEATHER),
    ofBucket: (kind, key) =>
      draw<BucketFault>(
        "bucket",
        `${kind} ${key}`,
        BUCKET_FAULTS,
        BUCKET_WEATHER[kind] as unknown as Readonly<Record<BucketFault, number>>,
      ),
  };
}
