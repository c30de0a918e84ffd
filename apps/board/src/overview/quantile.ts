/**
 * The value below or at which this share of all lies (nearest rank); null of nothing.
 * @param sorted ascending
 */
export function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}
