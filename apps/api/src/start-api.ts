import type { AddressInfo } from "node:net";
import type { Redis } from "ioredis";
import {
  createCallbackTokens,
  createChangeFeed,
  createLedger,
  createOverview,
  KEY_PREFIX,
  type LedgerSettings,
} from "@rushes/ledger";
import type { Part } from "@rushes/lifecycle";
import { startPreflight, type UnsafeSetup } from "@rushes/preflight";
import {
  createCallbackTaker,
  createCallerDesk,
  createEstimator,
  createOperatorDesk,
  createProducer,
} from "@rushes/producer";
import { openProducerConnection, openWakeQueues, openWorkerConnection, type WakeQueues } from "@rushes/queue";
import { announceCalls, type Logger, type Metrics, type Tracing } from "@rushes/telemetry";
import { accessSettings, openContentLinks } from "@rushes/video-store";
import { createServer } from "./create-server.ts";
import { prepareDrain } from "./drain.ts";
import { createEventStreams } from "./event-streams.ts";
import { heldProducer } from "./held-producer.ts";
import { requestLimiter } from "./request-limits.ts";
import { redisAnswers } from "./redis-ping.ts";
import type { ApiSettings } from "./settings.ts";

const PING_WITHIN_MS = 1_000;
/** To follow a link takes no time; a player that seeks asks again and again while somebody watches. */
const CONTENT_LINK_LIFE_S = 900;

export type ApiOptions = {
  settings: ApiSettings;
  logger: Logger;
  metrics: Metrics;
  /** Null, and unless given: no traces are kept. */
  tracing?: Tracing | null;
  /** Every key in Redis begins so; `KEY_PREFIX` unless a test wants its own. */
  keyPrefix?: string;
  /** Called when Redis is found unsafe at the start: the process should end. Until it does, orders get 503. */
  refuse?: (problem: UnsafeSetup) => void;
};

export type Api = Part & {
  /** `http://127.0.0.1:8080`, without a slash at the end. */
  url: string;
  port: number;
};

/**
 * Starts the api. Resolves once it listens, whether Redis is there or not: until it is, orders get 503 and `/readyz`
 * says so.
 *
 * `stop` turns `/readyz` red, takes no new connection, finishes the requests in hand (cuts them short when its signal
 * fires), and lets Redis go.
 *
 * @throws when the address cannot be had
 */
export async function startApi({
  settings,
  logger,
  metrics,
  tracing = null,
  keyPrefix = KEY_PREFIX,
  refuse = (err) => logger.error({ err }, "Redis is not safe for orders"),
}: ApiOptions): Promise<Api> {
  const onProblem = (err: Error): void => logger.warn({ err }, "Redis is away, it is tried again");
  const redis = openProducerConnection(settings.REDIS_URL, onProblem);
  redis.on("ready", () => logger.info({}, "Redis is there"));
  const ledger = createLedger(redis, keyPrefix, ledgerSettings(settings));
  const queues = openWakeQueues(redis, keyPrefix, (err) => {
    // What the connection itself reports is told already.
    logger.debug({ err }, "a queue reports a problem");
  });

  // Subscribes while somebody watches. The other connection tells when Redis is away.
  const subscriber = openWorkerConnection(settings.REDIS_URL);
  const eventStreams = createEventStreams({
    ledger,
    feed: createChangeFeed(subscriber, keyPrefix, (err) => logger.debug({ err }, "changes cannot be heard")),
  });

  const preflight = startPreflight({
    redis,
    demand: {
      durability: settings.REDIS_DURABILITY,
      isConfirmed: settings.REDIS_DURABILITY_CONFIRMED,
    },
    log: logger,
    refuse,
  });

  const contentLinks = settings.ARCHIVE_BUCKET
    ? openContentLinks(accessSettings(settings), CONTENT_LINK_LIFE_S)
    : null;

  metrics.onCollect(async () =>
    metrics.setTotals({ ...(await ledger.readTotals()), budgetMicros: ledger.budgetMicros }),
  );
  const server = createServer({
    settings,
    logger,
    metrics,
    tracing,
    ledger,
    overview: createOverview(redis, keyPrefix),
    producer: heldProducer(
      createProducer({
        ledger: announceCalls("ledger", ledger),
        queues: announceCalls("queues", queues),
        onProblem: (err, videoId) =>
          logger.warn(
            { err, videoId },
            "an order is safe, but its job is missing until the sweep makes up for it",
          ),
      }),
      preflight.isSafe,
    ),
    eventStreams,
    limitRequests: requestLimiter(redis, keyPrefix, settings.API_REQUEST_LIMITS),
    estimateOrder: createEstimator(ledger, () => performance.now()),
    callerDesk: createCallerDesk({
      ledger,
      queues,
      onProblem: (err, videoId) =>
        logger.warn({ err, videoId }, "a webhook waits until the sweep makes up for its missing job"),
    }),
    operatorDesk: createOperatorDesk({ ledger, queues }),
    callbacks: settings.CALLBACK_SECRET
      ? {
          tokens: createCallbackTokens(settings.CALLBACK_SECRET.reveal()),
          taker: createCallbackTaker({
            ledger: announceCalls("ledger", ledger),
            queues: announceCalls("queues", queues),
          }),
        }
      : null,
    contentLinks,
    async findObstacles() {
      if (drain.hasBegun()) return ["stopping"];
      return (await redisAnswers(redis, PING_WITHIN_MS)) ? preflight.obstacles() : ["redis"];
    },
  });

  const drain = prepareDrain(server);

  try {
    await server.listen({ host: settings.HOST, port: settings.PORT });
  } catch (error) {
    preflight.stop();
    await server.close();
    contentLinks?.close();
    await letGo([redis, subscriber], queues);
    throw error;
  }
  const { port } = server.server.address() as AddressInfo;
  const url = `http://${settings.HOST.includes(":") ? `[${settings.HOST}]` : settings.HOST}:${port}`;
  logger.info({ url, callers: settings.API_KEYS.length }, "api is listening");

  return {
    name: "api",
    url,
    port,
    async stop(signal) {
      // Watchers come back to another process with the id of the last event they saw.
      eventStreams.end();
      await drain.end(signal);
      preflight.stop();
      contentLinks?.close();
      await letGo([redis, subscriber], queues);
    },
  };
}

/** Closing the queues sends nothing, so it ends also while Redis is away; the connections go last. */
async function letGo(connections: readonly Redis[], queues: WakeQueues): Promise<void> {
  await queues.close();
  for (const redis of connections) redis.disconnect();
}

/**
 * The api admits, reads and cancels. What the ledger wants to know for submitting and for task ends it never does, so
 * that much has the documented defaults.
 */
function ledgerSettings({ BUDGET_USD_PER_DAY: budget }: ApiSettings): LedgerSettings {
  return {
    budgetMicros: budget ?? null,
    leaseMaxMs: 1_800_000,
    submitDeadlineMs: 35_000,
    billFailedTasks: false,
  };
}
