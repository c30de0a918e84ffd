import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { CallbackTokens, Ledger, Overview } from "@rushes/ledger";
import type { CallbackTaker, CallerDesk, EstimateOrder, OperatorDesk, Producer } from "@rushes/producer";
import type { Logger, Metrics, Tracing } from "@rushes/telemetry";
import type { EventStreams } from "./event-streams.ts";
import type { LimitRequests } from "./request-limits.ts";
import type { ContentLinks } from "@rushes/video-store";
import type { ApiSettings } from "./settings.ts";

/** What routes are made from. */
export type ApiParts = {
  settings: ApiSettings;
  ledger: Ledger;
  overview: Overview;
  producer: Producer;
  estimateOrder: EstimateOrder;
  eventStreams: EventStreams;
  /** Null where keys have no limits. */
  limitRequests: LimitRequests | null;
  callerDesk: CallerDesk;
  operatorDesk: OperatorDesk;
  /** Null while the provider is not asked to call back. */
  callbacks: { tokens: CallbackTokens; taker: CallbackTaker } | null;
  /** Null while the api does not know the bucket. */
  contentLinks: ContentLinks | null;
  logger: Logger;
  metrics: Metrics;
  /** Null where no traces are kept. */
  tracing: Tracing | null;
  /** Short names of what keeps the api from being given work; none = ready. Answers within a second or so. */
  findObstacles: () => Promise<readonly string[]>;
};

/** The HTTP server: zod schemas on a route give the types of what its handler gets. */
export type ApiServer = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** One file under `routes/` each. */
export type AddRoute = (server: ApiServer, parts: ApiParts) => void;
