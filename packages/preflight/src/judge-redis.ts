import type { Finding } from "./finding.ts";
import { judgePersistence, setAndKeep, type DurabilityDemand } from "./judge-persistence.ts";
import type { ClockReading, RedisFacts } from "./redis-facts.ts";

/**
 * Below this, reading a record's events fails (exclusive ranges came with it), and BullMQ 6 advises against it. With
 * `always` 7.0 is enough: what needs 7.2 is WAITAOF, which is not used.
 */
const LEAST_VERSION = [6, 2] as const;
/** The oldest that the tests run on. */
const TESTED_VERSION = [7, 0] as const;

/** A worker's clock an hour ahead ran a delay of 30 minutes at once: BullMQ goes by the clock of the process. */
export const MOST_SKEW_MS = 2_000;

/** From here on somebody should make room, while there still is some. */
const MEMORY_WARNS_AT = 0.9;

/** From what a Redis says of itself to what to make of it; one finding per check. */
export function judgeRedis(facts: RedisFacts, demand: DurabilityDemand): Finding[] {
  return [
    judgeVersion(facts),
    ...judgeRole(facts),
    ...judgePersistence(facts.persistence, demand),
    ...judgeAppending(facts),
    judgeEviction(facts),
    ...judgeMemory(facts),
    judgeClock(facts.clock),
  ];
}

function judgeVersion({ version, server }: RedisFacts): Finding {
  const check = "redis-version";
  if (version === null) {
    return { check, found: "not shown", verdict: "unknown", fix: "make sure that it is 7.0 or newer" };
  }
  const fix = "upgrade to Redis 7.0 or newer, or Valkey";
  if (isBelow(version, LEAST_VERSION)) return { check, found: server, verdict: "refuse", fix, lasting: true };
  if (isBelow(version, TESTED_VERSION)) {
    return { check, found: `${server}, which the tests do not cover`, verdict: "warn", fix };
  }
  return { check, found: server, verdict: "ok" };
}

function isBelow(version: readonly number[], least: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version;
  return major < least[0] || (major === least[0] && minor < least[1]);
}

/** A failover may lead here for a moment; whoever connects to a replica on purpose has to be told. */
function judgeRole({ isReplica }: RedisFacts): Finding[] {
  if (isReplica !== true) return [];
  const fix = "let REDIS_URL lead to the primary";
  return [
    {
      check: "redis-role",
      found: "a replica, which takes no writes",
      verdict: "refuse",
      fix,
      lasting: false,
    },
  ];
}

function judgeAppending({ appendFails }: RedisFacts): Finding[] {
  if (!appendFails) return [];
  return [
    {
      check: "disk",
      found: "Redis cannot write its append-only file and refuses writes",
      verdict: "refuse",
      fix: "make room on the disk of Redis; it goes on by itself",
      lasting: false,
    },
  ];
}

function judgeEviction({ eviction }: RedisFacts): Finding {
  const check = "eviction";
  if (eviction === null) {
    return {
      check,
      found: "not shown",
      verdict: "unknown",
      fix: "make sure that maxmemory-policy is noeviction",
    };
  }
  if (eviction === "noeviction") return { check, found: eviction, verdict: "ok" };
  return {
    check,
    found: `${eviction}: when memory is short, Redis may delete records of what was paid`,
    verdict: "refuse",
    fix: setAndKeep("maxmemory-policy", "noeviction"),
    lasting: true,
  };
}

function judgeMemory({ memory }: RedisFacts): Finding[] {
  if (memory === null) return [];
  const { usedBytes, maxBytes } = memory;
  const check = "memory";
  if (maxBytes === 0) return [{ check, found: `${inMebibytes(usedBytes)} used, no limit`, verdict: "ok" }];
  const found = `${inMebibytes(usedBytes)} of ${inMebibytes(maxBytes)} used`;
  const fix = "give Redis more memory and raise maxmemory; it goes on by itself";
  if (usedBytes >= maxBytes) {
    return [{ check, found: `${found}: Redis refuses writes`, verdict: "refuse", fix, lasting: false }];
  }
  if (usedBytes >= maxBytes * MEMORY_WARNS_AT) return [{ check, found, verdict: "warn", fix }];
  return [{ check, found, verdict: "ok" }];
}

/** Refuses only what is certain: a slow answer leaves the true difference open. */
function judgeClock({ aheadMs, uncertainMs }: ClockReading): Finding {
  const check = "clock";
  const amount = Math.abs(aheadMs);
  const found = `${amount} ms ${aheadMs < 0 ? "behind" : "ahead of"} Redis, ± ${uncertainMs} ms`;
  const fix = "synchronise the clocks of this machine and of Redis (NTP)";
  if (amount - uncertainMs > MOST_SKEW_MS) return { check, found, verdict: "refuse", fix, lasting: true };
  if (amount + uncertainMs > MOST_SKEW_MS) return { check, found, verdict: "unknown", fix };
  return { check, found, verdict: "ok" };
}

function inMebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
