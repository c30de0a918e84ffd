import { describe, expect, test } from "vitest";
import { refusalsAmong, type Finding } from "./finding.ts";
import { judgeRedis } from "./judge-redis.ts";
import type { RedisFacts } from "./redis-facts.ts";
import { UnsafeSetup } from "./unsafe-setup.ts";

const GOOD: RedisFacts = {
  server: "redis 7.0.15",
  version: [7, 0, 15],
  isReplica: false,
  persistence: { kind: "shown", appendOnly: true, appendFsync: "everysec", restsDuringRewrite: false },
  appendFails: false,
  eviction: "noeviction",
  memory: { usedBytes: 1_000_000, maxBytes: 0 },
  clock: { aheadMs: 3, uncertainMs: 1 },
};
const shown = (changes: object): Partial<RedisFacts> => ({
  persistence: {
    kind: "shown",
    appendOnly: true,
    appendFsync: "always",
    restsDuringRewrite: false,
    ...changes,
  },
});

function judged(
  changes: Partial<RedisFacts>,
  durability: "everysec" | "always" = "everysec",
  isConfirmed = false,
): Record<string, Finding["verdict"]> {
  const findings = judgeRedis({ ...GOOD, ...changes }, { durability, isConfirmed });
  return Object.fromEntries(findings.map(({ check, verdict }) => [check, verdict]));
}

test("a Redis as the documents ask for passes every check", () => {
  expect(new Set(Object.values(judged({})))).toEqual(new Set(["ok"]));
  expect(new Set(Object.values(judged(shown({}), "always")))).toEqual(new Set(["ok"]));
});

test.each([
  ["append-only", { appendOnly: false }],
  ["append-fsync", { appendFsync: "no" }],
  ["fsync-during-rewrite", { restsDuringRewrite: true }],
])("%s short of the promise: warned with everysec, refused with always", (check, changes) => {
  expect(judged(shown(changes))[check]).toBe("warn");
  expect(judged(shown(changes), "always")[check]).toBe("refuse");
});

test("always is refused with everysec, and everysec is content with always", () => {
  expect(judged({}, "always")).toMatchObject({ "append-fsync": "refuse" });
  expect(judged(shown({}))).toMatchObject({ "append-fsync": "ok" });
});

describe("where CONFIG GET is closed", () => {
  const hidden = (appendOnly: boolean | null): Partial<RedisFacts> => ({
    persistence: { kind: "hidden", appendOnly },
  });

  test("always is refused until the operator vouches for it", () => {
    for (const appendOnly of [true, false, null]) {
      expect(judged(hidden(appendOnly), "always")["append-only"]).toBe("refuse");
      expect(judged(hidden(appendOnly), "always", true)["append-only"]).toBe("ok");
    }
  });

  test("everysec is open, and a file that is off is warned of", () => {
    expect(judged(hidden(true))["append-only"]).toBe("unknown");
    expect(judged(hidden(null))["append-only"]).toBe("unknown");
    expect(judged(hidden(false))["append-only"]).toBe("warn");
  });

  test("vouching changes nothing about what Redis shows", () => {
    expect(judged({}, "always", true)["append-fsync"]).toBe("refuse");
    expect(judged(shown({ appendOnly: false }), "always", true)["append-only"]).toBe("refuse");
  });
});

test("only noeviction is let through, whatever the policy spares", () => {
  for (const eviction of ["allkeys-lru", "volatile-lru", "volatile-ttl"]) {
    expect(judged({ eviction })["eviction"]).toBe("refuse");
  }
  expect(judged({ eviction: null })["eviction"]).toBe("unknown");
});

test.each([
  [[6, 0, 20], "refuse"],
  [[6, 2, 0], "warn"],
  [[7, 0, 0], "ok"],
  [[10, 0, 1], "ok"],
])("version %j: %s", (version, verdict) => {
  expect(judged({ version })["redis-version"]).toBe(verdict);
});

test.each([
  [2_000, 0, "ok"],
  [-2_000, 0, "ok"],
  [2_001, 0, "refuse"],
  [-2_001, 0, "refuse"],
  // The truth may lie on either side of the limit.
  [2_100, 200, "unknown"],
  [1_900, 200, "unknown"],
  [3_600_000, 1_000, "refuse"],
])("a clock %i ms ahead, give or take %i: %s", (aheadMs, uncertainMs, verdict) => {
  expect(judged({ clock: { aheadMs, uncertainMs } })["clock"]).toBe(verdict);
});

test("a full disk, full memory and a replica refuse for as long as they last", () => {
  const facts = { ...GOOD, appendFails: true, isReplica: true, memory: { usedBytes: 10, maxBytes: 10 } };
  const refusals = refusalsAmong(judgeRedis(facts, { durability: "everysec", isConfirmed: false }));
  expect(refusals.map(({ check, lasting }) => [check, lasting])).toEqual([
    ["redis-role", false],
    ["disk", false],
    ["memory", false],
  ]);
});

test("memory that runs short is told of before it is full", () => {
  expect(judged({ memory: { usedBytes: 89, maxBytes: 100 } })["memory"]).toBe("ok");
  expect(judged({ memory: { usedBytes: 90, maxBytes: 100 } })["memory"]).toBe("warn");
});

test("the message for a process that must not start names everything and each fix", () => {
  const facts = { ...GOOD, eviction: "allkeys-lru", clock: { aheadMs: 9_000, uncertainMs: 1 } };
  const refusals = refusalsAmong(judgeRedis(facts, { durability: "always", isConfirmed: false }));
  expect(new UnsafeSetup(refusals).message).toBe(
    [
      "3 things are not safe for paid work:",
      "  append-fsync: everysec: a power cut may undo the last second",
      '    to mend it: CONFIG SET appendfsync always, and the line "appendfsync always" in redis.conf',
      "  eviction: allkeys-lru: when memory is short, Redis may delete records of what was paid",
      '    to mend it: CONFIG SET maxmemory-policy noeviction, and the line "maxmemory-policy noeviction" in redis.conf',
      "  clock: 9000 ms ahead of Redis, ± 1 ms",
      "    to mend it: synchronise the clocks of this machine and of Redis (NTP)",
    ].join("\n"),
  );
});
