import type { Ledger } from "@rushes/ledger";
import { dollars, PHASES } from "@rushes/pipeline";
import type { Metrics } from "@rushes/telemetry";

const DAY_MS = 86_400_000;

/** Sets the gauges that live in Redis and that callers care about. Those of the provider's account are the worker's. */
export async function collectGauges(
  ledger: Pick<Ledger, "countPhases" | "countLate" | "readTime" | "readSpend">,
  metrics: Metrics,
): Promise<void> {
  const counts = await ledger.countPhases();
  for (const phase of PHASES) metrics.videos.set({ phase }, counts[phase]);
  metrics.unconfirmed.set(counts.unconfirmed);
  metrics.late.set(await ledger.countLate());
  const today = Math.floor((await ledger.readTime()) / DAY_MS);
  metrics.reserved.set(dollars((await ledger.readSpend(today)).reservedMicros));
}
