import type { DurationSeconds } from "./video-input.ts";

/** When a running task is looked at. All in milliseconds; names are those of the environment variables. */
export type PollSettings = {
  pollFirstMs: number;
  pollMinMs: number;
  pollMaxMs: number;
  lateAfterMs: number;
  lateEveryMaxMs: number;
};

/**
 * When tasks usually finish, as multiples of the first look (60 s): 60–90 s for 5 s videos and 90–120 s for 10 s
 * videos, from APIXO's page of the model ("Latency and polling"). As multiples they stay right when a test or a
 * local run speeds the schedule up.
 */
const USUAL_FINISH: Record<DurationSeconds, { from: number; to: number }> = {
  5: { from: 1, to: 1.5 },
  10: { from: 1.5, to: 2 },
};

/** How far a gap moves at random towards the other end of its range, so that tasks do not march in step. */
const JITTER_SHARE = 0.2;
/** A late task is looked at again after a tenth of the time it has been late so far. */
const LATE_GROWTH = 0.1;

export function isLate(sinceAcceptedMs: number, settings: PollSettings): boolean {
  return sinceAcceptedMs >= settings.lateAfterMs;
}

/**
 * Milliseconds from now until the task should be looked at again.
 *
 * Before the first look: what is left of it. Then `pollMinMs` while a finish is likely and `pollMaxMs` while it is
 * not, each up to a fifth of the range towards the other. After `lateAfterMs` gaps that grow up to
 * `lateEveryMaxMs`. Looks that failed in a row double the gap each, under the same ceiling.
 *
 * @param look.sinceAcceptedMs since the answer with the task's id was stored, by Redis time
 * @param random uniform in [0, 1)
 */
export function nextLookMs(
  look: { duration: DurationSeconds; sinceAcceptedMs: number; looksFailed: number },
  settings: PollSettings,
  random: () => number,
): number {
  const { pollFirstMs, lateEveryMaxMs } = settings;
  if (look.sinceAcceptedMs < pollFirstMs && look.looksFailed === 0) return pollFirstMs - look.sinceAcceptedMs;
  const gapMs = isLate(look.sinceAcceptedMs, settings)
    ? lateGapMs(look.sinceAcceptedMs, settings, random)
    : usualGapMs(look, settings, random);
  const slowed = gapMs * 2 ** Math.min(look.looksFailed, 20);
  return Math.max(gapMs, Math.min(slowed, lateEveryMaxMs));
}

function usualGapMs(
  look: { duration: DurationSeconds; sinceAcceptedMs: number },
  { pollFirstMs, pollMinMs, pollMaxMs }: PollSettings,
  random: () => number,
): number {
  const usual = USUAL_FINISH[look.duration];
  const jitterMs = (pollMaxMs - pollMinMs) * JITTER_SHARE * random();
  // Likely if the shorter gap would end inside the usual time.
  const soonMs = look.sinceAcceptedMs + pollMinMs;
  const likely = soonMs >= usual.from * pollFirstMs && look.sinceAcceptedMs <= usual.to * pollFirstMs;
  return likely ? pollMinMs + jitterMs : pollMaxMs - jitterMs;
}

function lateGapMs(sinceAcceptedMs: number, settings: PollSettings, random: () => number): number {
  const lateMs = sinceAcceptedMs - settings.lateAfterMs;
  const grown = Math.max(settings.pollMaxMs, lateMs * LATE_GROWTH);
  return Math.min(grown, settings.lateEveryMaxMs) * (1 - 0.1 * random());
}
