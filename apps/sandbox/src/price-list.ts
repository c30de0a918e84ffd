/**
 * What the provider takes per video, from the "Billing" table of its page, in micro-dollars. Written down a second
 * time on purpose: the sandbox is a witness against the pipeline's own list and must not share its mistakes.
 */
export const PRICE_LIST_MICROS = {
  "standard-image-to-video": { 5: 200_000, 10: 400_000 },
  "pro-image-to-video": { 5: 350_000, 10: 700_000 },
  "master-text-to-video": { 5: 1_000_000, 10: 2_000_000 },
  "master-image-to-video": { 5: 1_000_000, 10: 2_000_000 },
} as const;

export type Mode = keyof typeof PRICE_LIST_MICROS;

/** Micro-dollars as dollars: 350000 → 0.35. */
export function dollars(micros: number): number {
  return micros / 1_000_000;
}
