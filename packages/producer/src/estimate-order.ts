import { etaSeconds, priceMicros, type Order, type Pace } from "@rushes/pipeline";
import type { Ledger } from "@rushes/ledger";

export type Estimate = {
  /** What one charge costs. */
  priceMicros: number;
  wouldExceedBudget: boolean;
  /** Videos whose turn comes before this one's. */
  queueAhead: number;
  /** Seconds until it would be completed; null = not known yet. */
  etaS: number | null;
};

/** Says what would become of an order, and orders nothing. */
export type EstimateOrder = (order: Order, owner: string) => Promise<Estimate>;

/** How videos go changes over minutes, and reading it costs more than all the rest. */
const PACE_AGE_MS = 5_000;

/** @param now a clock that only goes forward, milliseconds */
export function createEstimator(
  ledger: Pick<Ledger, "outlook" | "budgetMicros">,
  now: () => number,
): EstimateOrder {
  const { outlook, budgetMicros } = ledger;
  let known: { pace: Promise<Pace>; readAtMs: number } | null = null;

  /** One read for all who ask within some seconds. One that failed is forgotten. */
  async function recentPace(): Promise<Pace> {
    if (known === null || now() - known.readAtMs > PACE_AGE_MS) {
      known = { pace: outlook.readPace(), readAtMs: now() };
    }
    try {
      return await known.pace;
    } catch (error) {
      known = null;
      throw error;
    }
  }

  return async (order, owner) => {
    const [queueAhead, spent, pace] = await Promise.all([
      outlook.countAhead(owner, order.priority),
      budgetMicros === null ? 0 : outlook.readSpent(),
      recentPace(),
    ]);
    const price = priceMicros(order.input.mode, order.input.duration);
    return {
      priceMicros: price,
      wouldExceedBudget: budgetMicros !== null && spent + price > budgetMicros,
      queueAhead,
      etaS: etaSeconds(order, queueAhead, pace),
    };
  };
}
