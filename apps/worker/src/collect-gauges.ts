import type { Ledger } from "@rushes/ledger";
import { dollars, PHASES } from "@rushes/pipeline";
import type { Metrics } from "@rushes/telemetry";
import type { WorkerSettings } from "./settings.ts";

const DAY_MS = 86_400_000;

/** Sets the gauges that live in Redis. */
export async function collectGauges(
  ledger: Ledger,
  metrics: Metrics,
  settings: WorkerSettings,
  account: string,
): Promise<void> {
  const counts = await ledger.countPhases();
  for (const phase of PHASES) metrics.videos.set({ phase }, counts[phase]);
  metrics.unconfirmed.set(counts.unconfirmed);
  metrics.late.set(await ledger.countLate());
  metrics.inflight.set({ account }, await ledger.countInflight(account));
  if (settings.provider) metrics.inflightLimit.set({ account }, settings.provider.LIMIT_CONCURRENCY);
  const today = Math.floor((await ledger.readTime()) / DAY_MS);
  metrics.reserved.set(dollars((await ledger.readSpend(today)).reservedMicros));
}
