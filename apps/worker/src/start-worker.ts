import { once } from "node:events";
import type { Redis } from "ioredis";
import { createApixoClient } from "@rushes/apixo";
import { createLedger, createWorkerRoll, KEY_PREFIX, type Ledger } from "@rushes/ledger";
import { startHealthServer, type Part, type Secret } from "@rushes/lifecycle";
import { dollars, type Origin } from "@rushes/pipeline";
import { judgeBucket, startPreflight, type Finding, type UnsafeSetup } from "@rushes/preflight";
import { openWakeQueues, openWorkerConnection } from "@rushes/queue";
import { announceCalls, statusLabel, type Logger, type Metrics, type Tracing } from "@rushes/telemetry";
import { bucketSettings, checkBucket } from "@rushes/video-store";
import { accountsOf, providerOf } from "./accounts.ts";
import { startLimitsWatch } from "./limits-watch.ts";
import { observeRecords } from "./observed-records.ts";
import type { Role, RoleParts, RunningRole } from "./role.ts";
import { startRollCall } from "./roll-call.ts";
import { startArchiveRole } from "./roles/archive.ts";
import { startNotifyRole } from "./roles/notify.ts";
import { startPollRole } from "./roles/poll.ts";
import { startSubmitRole } from "./roles/submit.ts";
import { startSweepRole } from "./roles/sweep.ts";
import type { Role as RoleName, WorkerSettings } from "./settings.ts";
import { tracePorts } from "./traced-ports.ts";

const ROLE_STARTERS: Record<RoleName, Role> = {
  submit: startSubmitRole,
  poll: startPollRole,
  archive: startArchiveRole,
  notify: startNotifyRole,
  sweep: startSweepRole,
};

/** A look is one small GET. */
const STATUS_TIMEOUT_MS = 15_000;

export type StartControl = {
  /** Aborted when the process is told to end while it starts. */
  stopping: AbortSignal;
  /** Called when Redis or the bucket is found unsafe: the process should end, and no role was started. */
  refuse: (problem: UnsafeSetup) => void;
};

/**
 * Starts the roles of this process once the preflight has passed, however long Redis is away before; probes are answered
 * meanwhile. The parts are to be stopped in reverse order.
 */
export async function startWorker(
  settings: WorkerSettings,
  logger: Logger,
  metrics: Metrics,
  tracing: Tracing | null,
  { stopping, refuse }: StartControl,
): Promise<Part[]> {
  const { common } = settings;
  const onProblem = (error: Error, videoId?: string, origin: Origin = {}): void => {
    const { request_id: requestId, traceparent } = origin;
    const about = {
      ...(videoId ? { videoId } : {}),
      ...(requestId ? { requestId } : {}),
      ...(traceparent ? { traceparent } : {}),
    };
    logger.warn({ err: error, ...about }, "something failed and is tried again");
  };

  const connections: Redis[] = [];
  const openConnection = (): Redis => {
    const redis = openWorkerConnection(common.REDIS_URL, onProblem);
    connections.push(redis);
    return redis;
  };
  const redis = openConnection();
  const ledger = createLedger(redis, KEY_PREFIX, {
    budgetMicros: common.BUDGET_USD_PER_DAY ?? null,
    leaseMaxMs: common.LEASE_MAX_MS,
    submitDeadlineMs: common.SUBMIT_TIMEOUT_MS + common.SUBMIT_MARGIN_MS,
    billFailedTasks: common.BILL_FAILED_TASKS,
    // Who does not talk to the provider goes by what those have set who do.
    ...(settings.provider ? { limitTimeScale: settings.provider.LIMIT_TIME_SCALE } : {}),
  });
  const queues = openWakeQueues(redis, KEY_PREFIX, onProblem);
  const accounts = settings.provider
    ? accountsOf(settings.provider.APIXO_ACCOUNTS, settings.provider.APIXO_API_KEY, settings.provider)
    : [];
  const clients = new Map(
    accounts.map(({ name, key }) => [
      name,
      createProvider(needed(settings.provider), key, common.SUBMIT_TIMEOUT_MS, logger, metrics),
    ]),
  );
  const providerHost = settings.provider ? new URL(settings.provider.APIXO_BASE_URL).host : "";
  metrics.onCollect(async () => {
    const totals = await ledger.readTotals();
    metrics.setTotals({ ...totals, budgetMicros: ledger.budgetMicros });
    const { provider } = settings;
    const ageMs = totals.oldestResultAgeMs;
    // Only those who talk to the provider are told how long a result lives.
    if (provider)
      metrics.archiveDeadline.set(ageMs === null ? null : (provider.RESULT_LIFE_MS - ageMs) / 1000);
    for (const { name } of accounts) await showAccount(ledger, metrics, name);
  });

  const preflight = startPreflight({
    redis,
    demand: { durability: common.REDIS_DURABILITY, isConfirmed: common.REDIS_DURABILITY_CONFIRMED },
    moreChecks: async () => (settings.archive ? [await findBucket(settings.archive)] : []),
    log: logger,
    refuse,
  });

  const limits =
    settings.provider &&
    startLimitsWatch({
      ledger,
      accounts: accounts.map((account) => account.limits),
      timeScale: settings.provider.LIMIT_TIME_SCALE,
      metrics,
      onProblem,
    });
  const announced = announceCalls("ledger", ledger);
  const traced = tracePorts(tracing);
  const parts: RoleParts = {
    common,
    prefix: KEY_PREFIX,
    ledger: announced,
    records: traced.records(observeRecords(announced, logger, metrics)),
    queues: announceCalls("queues", queues),
    logger,
    metrics,
    traced,
    openConnection,
    onProblem,
    mayBegin: preflight.isSafe,
    forProvider: () => ({
      settings: needed(settings.provider),
      accounts,
      provider: providerOf(
        new Map(
          [...clients].map(([name, client]) => [
            name,
            traced.provider(announceCalls("provider", client), name, providerHost),
          ]),
        ),
      ),
      limits: needed(limits),
    }),
    forArchive: () => needed(settings.archive),
    forNotify: () => needed(settings.notify),
  };

  const running: RunningRole[] = [];
  let isStopping = false;
  // Also while Redis is away, so apart from what is read there.
  metrics.onCollect(async () => {
    for (const role of common.ROLES) {
      const isUp = !isStopping && running.some(({ name, isAlive }) => name === role && isAlive());
      metrics.roleUp.set({ role }, isUp ? 1 : 0);
    }
  });
  const health = await startHealthServer({
    host: common.HOST,
    port: common.HEALTH_PORT,
    live: () => {
      const dead = running.filter((role) => !role.isAlive()).map((role) => role.name);
      return dead.length === 0 ? { ok: true } : { ok: false, because: dead };
    },
    ready: async () => {
      if (isStopping) return { ok: false, because: ["stopping"] };
      if (redis.status !== "ready") return { ok: false, because: ["redis"] };
      await redis.ping();
      const obstacles = preflight.obstacles();
      return obstacles.length === 0 ? { ok: true } : { ok: false, because: obstacles };
    },
    metrics: () => metrics.render(),
  });
  logger.info({ roles: common.ROLES, port: health.port }, "worker is listening for probes");
  if (!stopping.aborted) await Promise.race([preflight.passed, once(stopping, "abort")]);
  if (!stopping.aborted) await ledger.limits.announce(accounts.map((account) => account.limits));
  if (!stopping.aborted) for (const role of common.ROLES) running.push(await ROLE_STARTERS[role](parts));
  const rollCall = startRollCall(
    createWorkerRoll(redis, KEY_PREFIX),
    () => running.filter((role) => role.isAlive()).map((role) => role.name),
    (err) => logger.debug({ err }, "the roll of workers could not be signed"),
  );

  return [
    { name: "health", stop: (signal) => health.stop(signal) },
    {
      name: "connections",
      async stop() {
        preflight.stop();
        await limits?.stop();
        await rollCall.stop();
        await queues.close();
        for (const client of clients.values()) await client.close();
        for (const connection of connections) connection.disconnect();
      },
    },
    // Side by side: the drain time is one for all.
    {
      name: "roles",
      async stop(signal) {
        isStopping = true;
        await Promise.all(running.map((role) => role.stop(signal)));
      },
    },
  ];
}

/** Read from Redis, so that every replica shows the same: only one of them asked the provider. */
async function showAccount(ledger: Ledger, metrics: Metrics, account: string): Promise<void> {
  const [inflight, standing] = await Promise.all([
    ledger.countInflight(account),
    ledger.readAccount(account),
  ]);
  metrics.inflight.set({ account }, inflight);
  metrics.accountOpen.set({ account }, standing.closed === null ? 1 : 0);
  if (standing.balanceMicros !== null) metrics.balance.set({ account }, dollars(standing.balanceMicros));
}

async function findBucket(archive: NonNullable<WorkerSettings["archive"]>): Promise<Finding> {
  return judgeBucket(await checkBucket(bucketSettings(archive)));
}

function createProvider(
  settings: NonNullable<WorkerSettings["provider"]>,
  apiKey: Secret,
  submitTimeoutMs: number,
  logger: Logger,
  metrics: Metrics,
) {
  return createApixoClient({
    baseUrl: settings.APIXO_BASE_URL,
    apiKey,
    submitTimeoutMs: Math.ceil(submitTimeoutMs),
    statusTimeoutMs: STATUS_TIMEOUT_MS,
    submitSafety: settings.SUBMIT_SAFETY,
    onRequest({ operation, status, durationMs }) {
      metrics.providerRequests.inc({
        operation,
        status: statusLabel(typeof status === "number" ? status : undefined),
      });
      metrics.providerRequestDuration.observe({ operation }, durationMs / 1000);
    },
    onUnknownState: (state) => logger.warn({ state }, "a task has a state that nobody has met before"),
  });
}

function needed<Thing>(thing: Thing | null): Thing {
  if (thing === null) throw new Error("a role was started without its settings");
  return thing;
}
