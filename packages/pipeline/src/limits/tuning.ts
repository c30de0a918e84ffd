// Durations are in milliseconds of real time; the state's `scale` multiplies them where they are used.

/** The provider's window. Every limit met is per minute. */
export const WINDOW_MS = 60_000;
/** More than a round trip: what was answered this long before the window's edge is surely still counted. */
export const GUARD_MS = 600;
/** A POST without an answer after this is unanswered: the submit time-out and its margin. */
export const DEADLINE_MS = 35_000;
/** A task whose end is never learned holds its place this long (`LEASE_MAX_MS`). */
export const LEASE_MS = 1_800_000;
/** Accepted usage is remembered for one to two of these. */
export const PEAK_HALF_MS = 150_000;

/** Before the first 429: calls without an answer, as a share of those accepted. Bounds the first overshoot. */
export const FRESH_SHARE = 0.15;
/** After it: calls without an answer, at least two, and this share of what was proven. */
export const PENDING_SHARE = 0.05;

/**
 * Acceptances at a bound until the next probe. They set what steady probing wastes: with hard limits and no hint, finding a
 * raise within D seconds costs at least 1/(1+λD) of the calls.
 */
export const FULL_EASE = 43;
/** With full ease a probe also waits this long, unless so many were accepted before. */
export const FULL_EASE_MS = 240_000;
export const MOST_EASE = 60;
/** Where tasks are so rare that full ease takes very long, fewer acceptances do after this time. */
export const LEAST_EASE = 16;
export const LEAST_EASE_MS = 900_000;
/** After a bound was lowered by more than a little: it may be too low now. */
export const SHORT_EASE = 6;
/** Below this share of what was held within so long a bound has fallen far, and has this ease. */
export const LOST_SHARE = 0.7;
export const HELD_MS = 3_600_000;
export const LOST_EASE = 14;
/** After a probe of the rate was accepted: it may have been a token that a bucket had saved. */
export const RISEN_EASE = 4;
/**
 * Between probes. Longer than between two looks at a task: the place that a probe took may have been that of a task that
 * had ended unseen, and by then the next call at the bound has told.
 */
export const PROBE_GAP_MS = 8_000;

/** Tries while two limits are suspects, from the first to the longest distance, each times `DOUBT_GROWTH`. */
export const DOUBT_FIRST_MS = 3_000;
export const DOUBT_GROWTH = 5;
export const DOUBT_LONGEST_MS = 64_000;
/** The longest rest after refusals in a row. */
export const LONGEST_REST_MS = 64_000;

/** A little faster than even, so that a slot that was missed is caught up within the minute. */
export const PACE_SHARE = 0.9;
/** A call may be early by this share of the distance. */
export const PACE_TOLERANCE = 0.1;
/** The pace's growth per acceptance while it is searched, and what it may exceed of the last half minute. */
export const SEARCH_GROWTH = 1.2;
export const SEARCH_LEAD = 1.6;
export const SEARCH_STREAK = 2;
