import type { DurationSeconds, Mode } from "./video-input.ts";

/** One US dollar. Money is integer micro-dollars everywhere but at the HTTP edge. */
export const MICROS_PER_DOLLAR = 1_000_000;

/** Price per generated video, from APIXO's page of the model ("Billing"). */
const PRICES: Record<Mode, Record<DurationSeconds, number>> = {
  "standard-image-to-video": { 5: 200_000, 10: 400_000 },
  "pro-image-to-video": { 5: 350_000, 10: 700_000 },
  "master-image-to-video": { 5: 1_000_000, 10: 2_000_000 },
  "master-text-to-video": { 5: 1_000_000, 10: 2_000_000 },
};

/** What one charge for such a video costs, in micro-dollars. */
export function priceMicros(mode: Mode, duration: DurationSeconds): number {
  return PRICES[mode][duration];
}

/** Micro-dollars as the dollars of a JSON answer: 350000 → 0.35. */
export function dollars(micros: number): number {
  return micros / MICROS_PER_DOLLAR;
}
