export function between([from, to]: readonly [number, number], random: () => number): number {
  return from + (to - from) * random();
}

/** Even on a logarithmic scale: as many small values as large ones. */
export function logBetween([from, to]: readonly [number, number], random: () => number): number {
  return from * (to / from) ** random();
}
