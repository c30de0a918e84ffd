import type { History } from "../history/history-folder.ts";
import { isFailed, type CaseFile } from "./case-files.ts";
import type { Finding } from "./finding.ts";
import { isFinal } from "./order-findings.ts";

const DAY_MS = 86_400_000;

export const micros = (usd: number): number => Math.round(usd * 1e6);

/** What stood against the key at its highest, beyond the budget, in micro-dollars; per UTC day of admission. */
export function overshootMicros({ facts, bill }: History, files: readonly CaseFile[]): number {
  if (facts.budgetUsd === null) return 0;
  const budget = micros(facts.budgetUsd);
  const days = new Map(
    files.flatMap(({ prompt, records: [record] }) =>
      record ? [[prompt, Math.floor(record.createdMs / DAY_MS)] as const] : [],
    ),
  );
  let worst = 0;
  for (const charges of Map.groupBy(bill, ({ prompt }) => days.get(prompt)).values()) {
    const moves = charges.flatMap(({ priceUsd, time, refundedTime }) => [
      { time, amount: micros(priceUsd) },
      ...(refundedTime === null ? [] : [{ time: refundedTime, amount: -micros(priceUsd) }]),
    ]);
    let sum = 0;
    for (const { amount } of moves.toSorted((a, b) => a.time - b.time || a.amount - b.amount)) {
      sum += amount;
      worst = Math.max(worst, sum - budget);
    }
  }
  return worst;
}

/** Whether a record's books agree with the provider's bill: exactly once it has ended, and never below it before. */
export function bookFindings({ prompt, records, charges }: CaseFile): Finding[] {
  const spent = charges
    .filter(({ task }) => !isFailed(task))
    .reduce((sum, { priceUsd }) => sum + micros(priceUsd), 0);
  return records.flatMap(({ phase, reservedMicros, billedMicros }) => {
    const differs = (says: string): Finding[] => [{ invariant: "books-differ", about: prompt, says }];
    if (isFinal(phase) && (reservedMicros !== 0 || billedMicros !== spent))
      return differs(`reserved ${reservedMicros} and billed ${billedMicros}, charged ${spent}`);
    if (reservedMicros + billedMicros < spent)
      return differs(`holds ${reservedMicros + billedMicros}, charged ${spent}`);
    return [];
  });
}
