import { tmpdir } from "node:os";
import { join } from "node:path";

/** How much faster than real time the provider and the schedule run. */
export const SPEED = 40;

const scaled = (ms: number): string => String(ms / SPEED);

/**
 * The settings of a run. Waits of the provider's world are scaled. Waits of ours are not where they guard against a
 * busy machine: a POST gets 4 s, for two cores carry everything here.
 */
export const SCALED_SETTINGS = {
  POLL_FIRST_MS: scaled(60_000),
  POLL_MIN_MS: scaled(5_000),
  POLL_MAX_MS: scaled(10_000),
  LATE_AFTER_MS: scaled(900_000),
  LATE_EVERY_MAX_MS: scaled(60_000),
  LEASE_MAX_MS: scaled(1_800_000),
  LIMIT_TIME_SCALE: String(1 / SPEED),
  SUBMIT_TIMEOUT_MS: "4000",
  SUBMIT_MARGIN_MS: "2000",
  RETRY_MIN_MS: "50",
  RETRY_MAX_MS: "500",
  SWEEP_EVERY_MS: "500",
  // Fixed: what is proven here is that nothing is paid twice, however limits are found.
  LIMIT_CONCURRENCY: "200",
  LIMIT_RATE: "100000",
  SUBMIT_CONCURRENCY: "10",
  POLL_CONCURRENCY: "20",
  // Code that was stripped and compiled once; a killed worker is back the sooner.
  NODE_COMPILE_CACHE: join(tmpdir(), "rushes-proof-compiled"),
};

/** What the sandbox is told in every run: a receiver that is away for seconds is away for as long as in real time. */
export const SANDBOX_PACE = {
  speed: SPEED,
  callbackTimeoutMs: 10_000 * SPEED,
  callbackRetryMs: [2_000 * SPEED, 10_000 * SPEED, 60_000 * SPEED],
};
