import { fastify } from "fastify";
import {
  createLedger,
  createOverview,
  findVideos,
  KEY_PREFIX,
  noteAudit,
  readWorkerRoll,
  type LedgerSettings,
} from "@rushes/ledger";
import { startPreflight, type DurabilityDemand } from "@rushes/preflight";
import { createCallerDesk, createOperatorDesk, createProducer } from "@rushes/producer";
import { openProducerConnection, openWakeQueues } from "@rushes/queue";
import type { Logger, Metrics } from "@rushes/telemetry";
import type { ContentLinks } from "@rushes/video-store";
import { addAuditPage } from "./audit/audit-routes.ts";
import { addHealthRoutes } from "./health-routes.ts";
import type { BoardUser } from "./login/board-user.ts";
import { addGuard } from "./login/guard.ts";
import { createLoginBrake } from "./login/login-brake.ts";
import { addLoginRoutes } from "./login/login-routes.ts";
import { createSessions } from "./login/sessions.ts";
import { createUserBook } from "./login/user-book.ts";
import type { Bounds } from "./overview/attention.ts";
import { createOverviewReader } from "./overview/overview-reader.ts";
import { addOverview } from "./overview/overview-routes.ts";
import { addAssets } from "./pages/assets.ts";
import { addQueuePages } from "./queue-pages/queue-pages.ts";
import { addSecurityHeaders } from "./security-headers.ts";
import { addUnconfirmedPage } from "./unconfirmed/unconfirmed-routes.ts";
import { addVideoLists } from "./videos/list-routes.ts";
import { createOperatorActs } from "./videos/operator-acts.ts";
import { addVideoPages } from "./videos/video-routes.ts";

/** A working day with its overtime. Pages that refresh themselves do not prolong it. */
const SESSION_MS = 12 * 3_600_000;
/** The largest thing an operator sends is the data of one job. */
const MOST_BODY_BYTES = 64 * 1024;
/** For the whole of a request to arrive. */
const REQUEST_MS = 30_000;

/** The board submits nothing and ends no task, so that what the ledger is told of that does not matter here. */
const ledgerSettings = ({ budgetMicros }: Bounds): LedgerSettings => ({
  budgetMicros,
  leaseMaxMs: 1_800_000,
  submitDeadlineMs: 35_000,
  billFailedTasks: false,
});

export type BoardOptions = {
  host: string;
  /** 0 takes any free port. */
  port: number;
  redisUrl: string;
  /** At least one. */
  users: readonly BoardUser[];
  /** Where the api is as a browser reaches it, without a slash at the end. */
  apiUrl: string;
  /** IP addresses or networks whose `X-Forwarded-*` headers are believed. */
  proxies: readonly string[];
  /** What the workers and the api are told too: how long results live, and the day's budget. */
  bounds: Bounds;
  /** What Redis must be for an order to be taken. */
  durability: DurabilityDemand;
  /** Signs links for the player; null = pages have none. Closed with the board. */
  contentLinks: ContentLinks | null;
  logger: Logger;
  metrics: Metrics;
  /** Of the queues; `KEY_PREFIX` unless given. */
  prefix?: string;
};

export type Board = {
  port: number;
  /** Answers what is in hand, then closes; cuts it short when the signal fires. */
  stop(signal?: AbortSignal): Promise<void>;
};

/**
 * Listens and shows the system behind a login. Redis may be away, at the start and later: then the board is not
 * ready and says so, and goes on by itself when Redis is back. Rejects when the address cannot be had.
 */
export async function startBoard(options: BoardOptions): Promise<Board> {
  const { logger } = options;
  const redis = openProducerConnection(options.redisUrl, (err) => logger.warn({ err }, "Redis is away"));
  // What the connection has told once, every queue would tell again at every try.
  const prefix = options.prefix ?? KEY_PREFIX;
  const queues = openWakeQueues(redis, prefix);
  let stopping = false;

  const app = fastify({
    bodyLimit: MOST_BODY_BYTES,
    requestTimeout: REQUEST_MS,
    trustProxy: options.proxies.length > 0 ? [...options.proxies] : false,
  });
  const users = createUserBook(options.users);
  const sessions = createSessions({ lifeMs: SESSION_MS, now: Date.now });
  addSecurityHeaders(app);
  addGuard(app, users, sessions, logger);
  addHealthRoutes(app, {
    async ready() {
      if (stopping) return { ok: false, because: ["stopping"] };
      if (redis.status !== "ready") return { ok: false, because: ["redis"] };
      await redis.ping();
      return { ok: true };
    },
    metrics: options.metrics,
  });
  addLoginRoutes(app, {
    users,
    sessions,
    sessionMs: SESSION_MS,
    brake: createLoginBrake(() => performance.now()),
    logger,
  });
  const ledger = createLedger(redis, prefix, ledgerSettings(options.bounds));
  options.metrics.onCollect(async () => {
    options.metrics.setTotals({ ...(await ledger.readTotals()), budgetMicros: ledger.budgetMicros });
  });
  const isRedisThere = (): boolean => redis.status === "ready";
  const preflight = startPreflight({
    redis,
    demand: options.durability,
    log: logger,
    // Nothing but new orders depends on it here: people must see what is wrong.
    refuse: (err) => logger.error({ err }, "Redis is not safe for orders"),
  });
  addAssets(app);
  addOverview(app, {
    reader: createOverviewReader({
      ledger,
      overview: createOverview(redis, prefix),
      readWorkers: () => readWorkerRoll(redis, prefix),
      countOwners: () => redis.scard(`${prefix}:owners`),
      now: () => performance.now(),
    }),
    bounds: options.bounds,
    isRedisThere,
  });
  addVideoLists(app, { ledger, findVideos: (text) => findVideos(redis, prefix, text), isRedisThere });
  addVideoPages(app, {
    ledger,
    queues: queues.queues,
    contentLinks: options.contentLinks,
    isRedisThere,
    acts: createOperatorActs({
      ledger,
      operatorDesk: createOperatorDesk({ ledger, queues }),
      callerDesk: createCallerDesk({ ledger, queues, onProblem: noteLateJob }),
      producer: createProducer({ ledger, queues, onProblem: noteLateJob }),
      noteAudit: (entry) => noteAudit(redis, prefix, entry),
      mayOrder: preflight.isSafe,
    }),
  });
  addUnconfirmedPage(app, { ledger, isRedisThere });
  addAuditPage(app, { ledger, isRedisThere });
  app.get("/", (_request, reply) => reply.redirect("/overview", 303));
  await addQueuePages(app, { queues: queues.queues, apiUrl: options.apiUrl, isRedisThere });
  app.setErrorHandler((err: Error & { statusCode?: number }, _request, reply) => {
    const httpStatus = err.statusCode ?? 500;
    if (httpStatus >= 500) logger.error({ err }, "a request failed");
    return reply
      .code(httpStatus)
      .send({ error: httpStatus >= 500 ? "the board could not answer" : err.message });
  });

  function noteLateJob(err: unknown, videoId: string): void {
    logger.warn({ err, videoId }, "a job is missing until the sweep makes up for it");
  }

  async function close(): Promise<void> {
    preflight.stop();
    options.contentLinks?.close();
    await queues.close();
    redis.disconnect();
  }

  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await close();
    throw error;
  }

  const address = app.server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    async stop(signal) {
      stopping = true;
      const cut = (): void => app.server.closeAllConnections();
      signal?.addEventListener("abort", cut, { once: true });
      await app.close();
      signal?.removeEventListener("abort", cut);
      await close();
    },
  };
}
