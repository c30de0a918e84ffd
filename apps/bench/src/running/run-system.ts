import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { KEY_PREFIX, readCharges } from "@rushes/ledger";
import { startSandbox } from "@rushes/sandbox";
import { startTestRedis } from "@rushes/test-rig";
import { valueAt, type Account } from "../limits/account.ts";
import { fillRushes } from "../throughput/fill-queues.ts";

/** How much faster than real time provider, schedule and controller run. */
export const SPEED = 20;
const WORKERS = 2;
const MINUTE_MS = 60_000;
/** More than any account takes in the time, so that there is always somebody in line. */
const ORDERS_PER_MINUTE = 60;
const TELL_EVERY_MS = 1_000;

export type SystemRun = { accepted: number; refused: number };

export type Key = {
  key: string;
  /** Its account has no balance. */
  isEmpty: boolean;
};

const ONE_KEY: readonly Key[] = [{ key: "sk-of-the-bench", isEmpty: false }];

const scaled = (ms: number): string => String(ms / SPEED);

/**
 * Worker processes on a line that never ends, at a provider that keeps the account's limits to itself.
 * @param keys each an account with those limits
 */
export async function runSystem(
  account: Account,
  durationMs: number,
  told: (line: string) => void,
  keys: readonly Key[] = ONE_KEY,
): Promise<SystemRun> {
  const rate = valueAt(account.rate, 0);
  const [server, sandbox] = await Promise.all([
    startTestRedis(),
    startSandbox({
      speed: SPEED,
      seed: account.name,
      concurrency: valueAt(account.concurrency, 0),
      ratePerWindow: rate?.perMinute ?? null,
      rateWindowMs: MINUTE_MS,
      rateCounts: account.refusalsCount ? "all" : "accepted",
      fiveSecondMs: [...account.generationMs],
    }),
  ]);
  sandbox.configure({
    perKey: Object.fromEntries(
      keys.filter(({ isEmpty }) => isEmpty).map(({ key }) => [key, { balanceUsd: 0 }]),
    ),
  });
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  const workers: ChildProcess[] = [];
  try {
    await fillRushes(redis, Math.ceil((durationMs / MINUTE_MS) * ORDERS_PER_MINUTE * keys.length), () => {});
    for (let index = 0; index < WORKERS; index += 1)
      workers.push(startWorkerProcess(server.url, sandbox.url, keys));
    while (sandbox.tasks().length === 0) await sleep(20);
    const endsMs = performance.now() + durationMs / SPEED;
    while (performance.now() < endsMs) {
      const left = Math.ceil((endsMs - performance.now()) / 1_000);
      told(`${account.name}: ${sandbox.tasks().length} accepted, ${left} s left`);
      await sleep(Math.min(TELL_EVERY_MS, Math.max(1, endsMs - performance.now())));
    }
    const accepted = sandbox.tasks().length;
    let refused = 0;
    for await (const { outcome } of readCharges(redis, KEY_PREFIX, {}))
      if (outcome === "refused") refused += 1;
    return { accepted, refused };
  } finally {
    await Promise.all(
      workers.map(async (worker) => {
        const gone = once(worker, "exit");
        if (worker.kill("SIGKILL")) await gone;
      }),
    );
    redis.disconnect();
    await Promise.all([server.stop(), sandbox.stop()]);
  }
}

function startWorkerProcess(redisUrl: string, providerUrl: string, keys: readonly Key[]): ChildProcess {
  const main = fileURLToPath(new URL("../../../worker/src/main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", main], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env["PATH"] ?? "",
      ROLES: "submit,poll,sweep",
      REDIS_URL: redisUrl,
      APIXO_ACCOUNTS: JSON.stringify(keys.map(({ key }, index) => ({ name: `account-${index + 1}`, key }))),
      APIXO_BASE_URL: providerUrl,
      HEALTH_PORT: "0",
      LOG_LEVEL: "error",
      LIMIT_TIME_SCALE: scaled(1),
      POLL_FIRST_MS: scaled(60_000),
      POLL_MIN_MS: scaled(7_500),
      POLL_MAX_MS: scaled(7_500),
      LATE_AFTER_MS: scaled(900_000),
      LATE_EVERY_MAX_MS: scaled(60_000),
      LEASE_MAX_MS: scaled(1_800_000),
      SUBMIT_TIMEOUT_MS: "4000",
      SUBMIT_MARGIN_MS: "2000",
      SUBMIT_CONCURRENCY: "20",
      RETRY_MIN_MS: "50",
      RETRY_MAX_MS: "500",
    },
  });
  return child;
}
