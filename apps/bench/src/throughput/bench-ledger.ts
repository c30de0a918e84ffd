import type { Redis } from "ioredis";
import { createLedger, KEY_PREFIX, type Ledger } from "@rushes/ledger";

/** The ledger with the worker's default settings and a budget, so that the cost of keeping one is measured too. */
export function createBenchLedger(redis: Redis): Ledger {
  return createLedger(redis, KEY_PREFIX, {
    budgetMicros: Number.MAX_SAFE_INTEGER,
    leaseMaxMs: 1_800_000,
    submitDeadlineMs: 35_000,
    billFailedTasks: false,
  });
}
