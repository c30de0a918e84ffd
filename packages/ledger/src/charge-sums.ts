import { dollars, MICROS_PER_DOLLAR } from "@rushes/pipeline";
import type { Charge, ChargeOutcome } from "./charges.ts";

/** What one account's attempts of one mode cost on one UTC day. */
export type ChargeSum = {
  day: string;
  mode: string;
  /** Null: tasks that no attempt of ours has brought. */
  account: string | null;
  /** Attempts, those that cost nothing included. */
  count: number;
  billed_usd: number;
  reserved_usd: number;
  /** How many ended so; words that did not occur are left out. */
  outcomes: Partial<Record<ChargeOutcome, number>>;
};

/**
 * Sums of the rows per day, mode and account, in this order. Exact: dollars are added as whole micro-dollars. Holds one
 * entry per sum in memory and no row.
 */
export async function sumCharges(charges: AsyncIterable<Charge> | Iterable<Charge>): Promise<ChargeSum[]> {
  const sums = new Map<string, { sum: ChargeSum; billedMicros: number; reservedMicros: number }>();
  for await (const { day, mode, account, price_usd, billed, outcome } of charges) {
    const name = JSON.stringify([day, mode, account]);
    const entry = sums.get(name) ?? {
      sum: { day, mode, account, count: 0, billed_usd: 0, reserved_usd: 0, outcomes: {} },
      billedMicros: 0,
      reservedMicros: 0,
    };
    sums.set(name, entry);
    const micros = Math.round(price_usd * MICROS_PER_DOLLAR);
    if (billed === "billed") entry.billedMicros += micros;
    if (billed === "reserved") entry.reservedMicros += micros;
    entry.sum.count += 1;
    entry.sum.outcomes[outcome] = (entry.sum.outcomes[outcome] ?? 0) + 1;
  }
  return [...sums]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, { sum, billedMicros, reservedMicros }]) => ({
      ...sum,
      billed_usd: dollars(billedMicros),
      reserved_usd: dollars(reservedMicros),
    }));
}
