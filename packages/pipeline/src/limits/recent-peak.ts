/** The highest value of the last while: two halves, the older of which is forgotten when the newer is full. */
export type RecentPeak = { now: number; before: number; sinceMs: number };

export function createPeak(): RecentPeak {
  return { now: 0, before: 0, sinceMs: 0 };
}

export function peakOf({ now, before }: RecentPeak): number {
  return Math.max(now, before);
}

/** @param halfMs how long one half lasts; a value is remembered for one to two of them */
export function raisePeak(peak: RecentPeak, value: number, nowMs: number, halfMs: number): void {
  if (nowMs - peak.sinceMs > halfMs) {
    peak.before = nowMs - peak.sinceMs > 2 * halfMs ? 0 : peak.now;
    peak.now = 0;
    peak.sinceMs = nowMs;
  }
  peak.now = Math.max(peak.now, value);
}

/** Forgets what was higher: a limit fell. */
export function lowerPeak(peak: RecentPeak, value: number): void {
  peak.now = Math.min(peak.now, value);
  peak.before = Math.min(peak.before, value);
}
