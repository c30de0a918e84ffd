import { fastifyRateLimit } from "@fastify/rate-limit";
import type { FastifyInstance } from "fastify";
import type { Redis } from "ioredis";
import { HttpProblem } from "./http-problem.ts";
import { callerOf } from "./identify-caller.ts";

/** One entry of `API_REQUEST_LIMITS`; the name `*` stands for every key that has none of its own. */
export type RequestLimit = { name: string; perMinute: number };

export const EVERY_OTHER_KEY = "*";

const ENTRY = /^(?<name>[a-z0-9_-]{1,40}|\*):(?<count>[1-9]\d{0,8})$/;
const WINDOW_MS = 60_000;

/** Reads `name:count`. Undefined for anything else. */
export function parseRequestLimit(entry: string): RequestLimit | undefined {
  const { name, count } = ENTRY.exec(entry)?.groups ?? {};
  return name === undefined ? undefined : { name, perMinute: Number(count) };
}

/** Makes every route that is added to the server afterwards count the requests of its caller. */
export type LimitRequests = (server: FastifyInstance) => Promise<void>;

/**
 * Counts the requests of each key per minute in Redis, so that all replicas together keep the limit. A batch is one
 * request, and so is a stream of events. While Redis is away nothing is let past: nothing could be answered anyway.
 *
 * @returns null where no limit is set: then there is not even a hook
 */
export function requestLimiter(
  redis: Redis,
  prefix: string,
  limits: readonly RequestLimit[],
): LimitRequests | null {
  if (limits.length === 0) return null;
  const byName = new Map(limits.map(({ name, perMinute }) => [name, perMinute]));
  const limitOf = (name: string): number | undefined => byName.get(name) ?? byName.get(EVERY_OTHER_KEY);

  return async (server) => {
    await server.register(fastifyRateLimit, {
      redis,
      nameSpace: `${prefix}:requests:`,
      timeWindow: WINDOW_MS,
      keyGenerator: (request) => callerOf(request).name,
      allowList: (_, name) => limitOf(name) === undefined,
      max: (_, name) => limitOf(name) ?? 0,
      errorResponseBuilder: (_, { max }) =>
        new HttpProblem("too_many_requests", { detail: `This key may send ${max} requests a minute.` }),
    });
  };
}
