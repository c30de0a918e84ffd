import type { LedgerSettings } from "../src/index.ts";

/** No budget, and times that no test waits for. */
export const SETTINGS: LedgerSettings = {
  budgetMicros: null,
  leaseMaxMs: 3_600_000,
  submitDeadlineMs: 3_600_000,
  billFailedTasks: false,
};
