/** Uniform in [0, 1), the same row for the same seed (mulberry32; good enough for arrival times, and fast). */
export function createRandom(seed: number): () => number {
  let state = Math.trunc(seed) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function between([from, to]: readonly [number, number], random: () => number): number {
  return from + (to - from) * random();
}

/** Even on a logarithmic scale: as many small values as large ones. */
export function logBetween([from, to]: readonly [number, number], random: () => number): number {
  return from * (to / from) ** random();
}
