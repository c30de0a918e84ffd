import { createHash } from "node:crypto";

/**
 * Randomness without state: the same seed and the same labels give the same number, whatever was drawn in
 * between. So the fate of the nth submit does not depend on how often somebody polled before it.
 */
export type SeededRandom = {
  readonly seed: string;
  /** A number from 0 (included) to 1 (excluded). */
  draw(...labels: readonly (string | number)[]): number;
};

export function createSeededRandom(seed: string): SeededRandom {
  return {
    seed,
    draw(...labels) {
      const digest = createHash("sha256")
        .update(JSON.stringify([seed, ...labels]))
        .digest();
      return digest.readUIntBE(0, 6) / 2 ** 48;
    },
  };
}

/** A number from the range [least, most), uniformly. */
export function between(range: readonly [number, number], unit: number): number {
  return range[0] + (range[1] - range[0]) * unit;
}
