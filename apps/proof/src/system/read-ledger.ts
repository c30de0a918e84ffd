import type { Redis } from "ioredis";
import { createLedger, KEY_PREFIX, type Ledger } from "@rushes/ledger";

/** The ledger for looking only, so its settings do not matter. */
export function readLedger(redis: Redis): Ledger {
  return createLedger(redis, KEY_PREFIX, {
    budgetMicros: null,
    leaseMaxMs: 1,
    submitDeadlineMs: 1,
    billFailedTasks: false,
  });
}
