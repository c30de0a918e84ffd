import type { Order } from "./order.ts";
import type { DurationSeconds, Mode } from "./video-input.ts";

/** A video that has ended lately, as far as it tells how long videos take. Redis milliseconds. */
export type EndedVideo = {
  mode: Mode;
  duration: DurationSeconds;
  /** When its task was accepted. */
  submittedMs: number;
  /** When its task was seen to have ended; it held a place until then. */
  taskEndedMs: number;
  /** When its files were stored; null = it did not come to that. */
  completedMs: number | null;
};

/** What is known of an account that takes submissions now; null = nothing is known of that limit. */
export type AccountPace = {
  places: number | null;
  placesTaken: number;
  perMinute: number | null;
};

/** What the past tells of the near future. Nothing in it is assumed: what was not seen is missing. */
export type Pace = {
  nowMs: number;
  /** Open accounts only. */
  accounts: readonly AccountPace[];
  /** The newest ones, in any order. */
  ended: readonly EndedVideo[];
};

/** Tasks that ended within so long count for how fast the line moves. */
const LATELY_MS = 600_000;

/**
 * Seconds until an order of now would be completed: its wait in line, and how long such videos took lately. Null where one
 * of the two is not known: no such video was completed lately, no account is open, or others wait and nothing tells how
 * fast they go.
 *
 * @param queueAhead videos whose turn comes before this one's
 */
export function etaSeconds(order: Order, queueAhead: number, pace: Pace): number | null {
  const tookMs = usualMs(order.input.mode, order.input.duration, pace.ended);
  const waitMs = waitingMs(queueAhead, pace);
  if (tookMs === null || waitMs === null) return null;
  return Math.ceil((Math.max(order.delay_s * 1000, waitMs) + tookMs) / 1000);
}

/** The median of the same mode and length, from the acceptance to the stored file. */
function usualMs(mode: Mode, duration: DurationSeconds, ended: readonly EndedVideo[]): number | null {
  const took = ended.flatMap((video) =>
    video.mode === mode && video.duration === duration && video.completedMs !== null
      ? [video.completedMs - video.submittedMs]
      : [],
  );
  return took.toSorted((a, b) => a - b)[Math.floor(took.length / 2)] ?? null;
}

function waitingMs(queueAhead: number, pace: Pace): number | null {
  const { accounts } = pace;
  if (accounts.length === 0) return null;
  const free = sum(accounts, ({ places, placesTaken }) =>
    places === null ? null : Math.max(0, places - placesTaken),
  );
  // What is not limited as far as anybody knows takes one at once, but nobody knows how many.
  if (queueAhead === 0 && (free === null || free > 0)) return 0;
  const perMs = lineSpeed(pace);
  if (perMs === null) return null;
  return Math.max(0, queueAhead + 1 - (free ?? 0)) / perMs;
}

/** Submissions per millisecond: what the known limits allow, otherwise what was seen to end lately. */
function lineSpeed(pace: Pace): number | null {
  const holdMs = meanHoldMs(pace.ended);
  const allowed = sum(pace.accounts, ({ places, perMinute }) => {
    const byPlaces = places === null || holdMs === null ? null : places / holdMs;
    const byRate = perMinute === null ? null : perMinute / 60_000;
    if (places !== null && byPlaces === null) return null;
    if (byPlaces === null || byRate === null) return byPlaces ?? byRate;
    return Math.min(byPlaces, byRate);
  });
  const speed = allowed ?? seenSpeed(pace);
  return speed !== null && speed > 0 ? speed : null;
}

function meanHoldMs(ended: readonly EndedVideo[]): number | null {
  if (ended.length === 0) return null;
  const held = ended.reduce((total, { submittedMs, taskEndedMs }) => total + taskEndedMs - submittedMs, 0);
  return Math.max(1, held / ended.length);
}

function seenSpeed({ nowMs, ended }: Pace): number | null {
  const lately = ended.filter(({ taskEndedMs }) => taskEndedMs > nowMs - LATELY_MS);
  if (lately.length === 0) return null;
  // Where the list does not reach back so far, only the time that it covers.
  const isWhole = lately.length < ended.length;
  const oldestMs = Math.min(...lately.map(({ taskEndedMs }) => taskEndedMs));
  return lately.length / Math.max(1, isWhole ? LATELY_MS : nowMs - oldestMs);
}

/** Null as soon as one of them is. */
function sum(accounts: readonly AccountPace[], read: (account: AccountPace) => number | null): number | null {
  return accounts.map(read).reduce<number | null>((total, one) => {
    return total === null || one === null ? null : total + one;
  }, 0);
}
