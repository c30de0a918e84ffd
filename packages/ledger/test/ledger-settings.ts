import type { StoredFile } from "@rushes/pipeline";
import type { LedgerSettings } from "../src/index.ts";

/** No budget, and times that no test waits for. */
export const SETTINGS: LedgerSettings = {
  budgetMicros: null,
  leaseMaxMs: 3_600_000,
  submitDeadlineMs: 3_600_000,
  billFailedTasks: false,
};

/** What a bucket might hold of a video. */
export const A_MANIFEST: StoredFile = {
  url: "s3://bucket/a.json",
  bucket: "bucket",
  key: "a.json",
  bytes: 10,
  sha256: "ab",
  content_type: "application/json",
};
