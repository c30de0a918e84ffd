export { fetchRedisFacts, type RedisToAsk } from "./fetch-redis-facts.ts";
export { refusalsAmong, type Finding, type Refusal, type Verdict } from "./finding.ts";
export { judgeBucket, type BucketState } from "./judge-bucket.ts";
export { type Durability, type DurabilityDemand } from "./judge-persistence.ts";
export { judgeRedis, MOST_SKEW_MS } from "./judge-redis.ts";
export type { ClockReading, Persistence, RedisFacts } from "./redis-facts.ts";
export { refusesWrites } from "./refuses-writes.ts";
export {
  startPreflight,
  type Preflight,
  type PreflightLog,
  type PreflightOptions,
} from "./start-preflight.ts";
export { UnsafeSetup } from "./unsafe-setup.ts";
