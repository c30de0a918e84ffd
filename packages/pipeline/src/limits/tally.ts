/** Counts by time, oldest first: `[timeMs, count]`. At most 64 entries, so that a state stays small. */
export type Tally = [timeMs: number, count: number][];

const MOST_ENTRIES = 64;

/** Adds one at a time. When full, the two closest neighbours become one at the later of their times. */
export function add(tally: Tally, timeMs: number): void {
  let place = tally.length;
  while (place > 0 && (tally[place - 1]?.[0] ?? 0) > timeMs) place -= 1;
  const before = tally[place - 1];
  if (before !== undefined && before[0] === timeMs) {
    before[1] += 1;
    return;
  }
  tally.splice(place, 0, [timeMs, 1]);
  if (tally.length > MOST_ENTRIES) mergeClosest(tally);
}

function mergeClosest(tally: Tally): void {
  let closest = 1;
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 1; i < tally.length; i += 1) {
    const gap = (tally[i]?.[0] ?? 0) - (tally[i - 1]?.[0] ?? 0);
    if (gap < smallest) [smallest, closest] = [gap, i];
  }
  const [earlier] = tally.splice(closest - 1, 1);
  const later = tally[closest - 1];
  if (earlier !== undefined && later !== undefined) later[1] += earlier[1];
}

/** Takes one away where the time is nearest. False when there was none. */
export function take(tally: Tally, timeMs: number): boolean {
  let nearest = -1;
  for (let i = 0; i < tally.length; i += 1) {
    const distance = Math.abs((tally[i]?.[0] ?? 0) - timeMs);
    if (nearest === -1 || distance <= Math.abs((tally[nearest]?.[0] ?? 0) - timeMs)) nearest = i;
  }
  const entry = tally[nearest];
  if (entry === undefined) return false;
  entry[1] -= 1;
  if (entry[1] === 0) tally.splice(nearest, 1);
  return true;
}

export function countAll(tally: Tally): number {
  let sum = 0;
  for (const [, count] of tally) sum += count;
  return sum;
}

/** Takes away one that was added at exactly this time, also if its entry was merged into a later one. */
export function takeExact(tally: Tally, timeMs: number): boolean {
  const exact = tally.find(([time]) => time === timeMs);
  const merged = tally.find(([time, count]) => time > timeMs && count > 1);
  const entry = exact ?? merged;
  return entry !== undefined && take(tally, entry[0]);
}

/** How many are later than a moment. */
export function countAfter(tally: Tally, timeMs: number): number {
  let count = 0;
  for (let i = tally.length - 1; i >= 0; i -= 1) {
    const entry = tally[i];
    if (entry === undefined || entry[0] <= timeMs) break;
    count += entry[1];
  }
  return count;
}

/** Removes those at or before a moment, and says how many they were. */
export function dropUntil(tally: Tally, timeMs: number): number {
  let entries = 0;
  let count = 0;
  for (const [time, number] of tally) {
    if (time > timeMs) break;
    entries += 1;
    count += number;
  }
  if (entries > 0) tally.splice(0, entries);
  return count;
}

/** The time after which at most `most` are left, when the oldest leave first; null when that is so already. */
export function timeUntilAtMost(tally: Tally, most: number): number | null {
  let left = 0;
  for (const [, count] of tally) left += count;
  if (left <= most) return null;
  for (const [time, count] of tally) {
    left -= count;
    if (left <= most) return time;
  }
  return null;
}
