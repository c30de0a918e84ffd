import type { Redis } from "ioredis";
import { fetchRedisFacts, type RedisToAsk } from "./fetch-redis-facts.ts";
import { refusalsAmong, type Finding } from "./finding.ts";
import type { DurabilityDemand } from "./judge-persistence.ts";
import { judgeRedis } from "./judge-redis.ts";
import { UnsafeSetup } from "./unsafe-setup.ts";

/** The clock is compared each minute; everything else is asked along with it. */
const LOOK_EVERY_MS = 60_000;
/** While something refuses, so that what was mended is noticed soon. */
const LOOK_AGAIN_MS = 5_000;
/** After a question that Redis did not answer. */
const ASK_AGAIN_MS = 1_000;
/** A warning that stands is told again after so long: nobody reads a log of weeks ago. */
const WARN_AGAIN_MS = 3_600_000;

/**
 * The life of a preflight, as its process sees it:
 *
 *   unchecked ──▶ first look ──▶ safe ◀──▶ unsafe
 *       ▲             │           │
 *       │             └─ lasting refusal: `refuse` is called, nothing follows
 *       └──────────── the connection was lost (who answers next may be another Redis)
 *
 * Only the very first look ends a process. Later it has work in hand whose answers must be stored, so it goes on,
 * not ready and beginning nothing new that costs money, until a look finds everything in order again.
 */
export type Preflight = {
  /** Resolves once a first look found no lasting refusal; not at all when one did. */
  passed: Promise<void>;
  /** Whether new paid work may begin. False until Redis was looked at, and again after each loss of the connection. */
  isSafe: () => boolean;
  /** For readiness: nothing, or short names of what is in the way. */
  obstacles(): string[];
  stop(): void;
};

export type PreflightLog = Record<"info" | "warn" | "error", (fields: object, message: string) => void>;

export type PreflightOptions = {
  /** The caller's connection, watched and asked, never closed. */
  redis: RedisToAsk & Pick<Redis, "on" | "off" | "status">;
  demand: DurabilityDemand;
  /** Checks of this process beyond Redis. */
  moreChecks?: () => Promise<readonly Finding[]>;
  log: PreflightLog;
  /** Called at most once: this process should end. */
  refuse: (problem: UnsafeSetup) => void;
  wallClockMs?: () => number;
  lookEveryMs?: number;
  lookAgainMs?: number;
};

/** Watches a Redis for as long as it is not stopped. Redis may be away: then nothing is known, and it goes on trying. */
export function startPreflight(options: PreflightOptions): Preflight {
  const { redis, demand, log, moreChecks, refuse } = options;
  const wallClockMs = options.wallClockMs ?? Date.now;
  const passed = Promise.withResolvers<void>();
  let findings: readonly Finding[] | null = null;
  let hasPassed = false;
  let isOver = false;
  /** Counts losses of the connection: an answer from before one says nothing of after. */
  let era = 0;
  let timer: NodeJS.Timeout | undefined;
  let told = { words: "", atMs: -Infinity };

  async function look(): Promise<void> {
    clearTimeout(timer);
    const askedIn = era;
    try {
      const [facts, more = []] = await Promise.all([fetchRedisFacts(redis, wallClockMs), moreChecks?.()]);
      const seen = [...judgeRedis(facts, demand), ...more];
      if (isOver || askedIn !== era) return;
      conclude(seen);
      lookLater(refusalsAmong(seen).length === 0 ? (options.lookEveryMs ?? LOOK_EVERY_MS) : lookAgainMs());
    } catch (err) {
      if (isOver || askedIn !== era) return;
      log.warn({ err }, "the preflight could not look at Redis and tries again");
      lookLater(ASK_AGAIN_MS);
    }
  }

  function conclude(seen: readonly Finding[]): void {
    const refusals = refusalsAmong(seen);
    const lasting = refusals.filter((refusal) => refusal.lasting);
    findings = seen;
    if (!hasPassed && lasting.length > 0) {
      stop();
      refuse(new UnsafeSetup(lasting));
      return;
    }
    tell(seen);
    if (hasPassed) return;
    hasPassed = true;
    log.info({ durability: demand.durability, checks: seen.map(summaryOf) }, promiseOf(demand));
    passed.resolve();
  }

  /** Each state of things is told once, and what is not in order again every hour. */
  function tell(seen: readonly Finding[]): void {
    const notable = seen.filter((finding) => finding.verdict !== "ok");
    const words = notable.map(({ check, verdict }) => `${check}=${verdict}`).join(" ");
    const nowMs = performance.now();
    if (words === told.words && (words === "" || nowMs - told.atMs < WARN_AGAIN_MS)) return;
    if (words === "" && told.words !== "") log.info({}, "the preflight finds everything in order again");
    told = { words, atMs: nowMs };
    for (const finding of notable) {
      const level = finding.verdict === "refuse" ? "error" : "warn";
      log[level](finding, `preflight: ${finding.check} is not as it should be`);
    }
  }

  function lookAgainMs(): number {
    return options.lookAgainMs ?? LOOK_AGAIN_MS;
  }

  function lookLater(delayMs: number): void {
    clearTimeout(timer);
    if (redis.status === "ready") timer = setTimeout(() => void look(), delayMs);
  }

  const onReady = (): void => void look();
  const onClose = (): void => {
    era += 1;
    findings = null;
    clearTimeout(timer);
  };

  function stop(): void {
    isOver = true;
    clearTimeout(timer);
    redis.off("ready", onReady);
    redis.off("close", onClose);
  }

  redis.on("ready", onReady);
  redis.on("close", onClose);
  if (redis.status === "ready") onReady();

  return {
    passed: passed.promise,
    isSafe: () => findings !== null && refusalsAmong(findings).every((refusal) => !refusal.lasting),
    obstacles() {
      if (findings === null) return ["preflight"];
      return refusalsAmong(findings).map(({ check }) => `preflight: ${check}`);
    },
    stop,
  };
}

function summaryOf({ check, verdict, found }: Finding): string {
  return `${check}: ${verdict} (${found})`;
}

function promiseOf({ durability }: DurabilityDemand): string {
  return durability === "always"
    ? "preflight passed: Redis syncs each write before it answers, a power cut costs nothing acknowledged"
    : "preflight passed: a power cut of the Redis machine may undo its last second (REDIS_DURABILITY=everysec)";
}
