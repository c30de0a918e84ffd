import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "@rushes/telemetry";
import { originOf } from "./origin.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The video that the request turned out to be about, for the log. */
    videoId: string | null;
    /** What was thrown, where it is worth more than a status. */
    failure: unknown;
  }
}

/** Asked every few seconds by machines; worth a line only to those who look for it. */
const PROBES = new Set(["/livez", "/readyz", "/metrics"]);

/**
 * Writes one line when a request is over, however it ended: chosen fields only, never a body, a header or an address
 * as it was typed, for those may hold secrets.
 */
export function logRequest(logger: Logger, request: FastifyRequest, reply: FastifyReply): void {
  const startedMs = performance.now();
  // Unlike fastify's own hook this one also comes when the caller has gone away before the answer.
  reply.raw.once("close", () => {
    const route = request.routeOptions.url ?? null;
    const status = reply.raw.statusCode;
    const { traceparent } = originOf(request);
    const fields = {
      requestId: request.id,
      ...(traceparent === undefined ? {} : { traceparent }),
      method: request.method,
      route,
      status,
      ms: Math.round((performance.now() - startedMs) * 10) / 10,
      ...(request.caller === null ? {} : { caller: request.caller.name }),
      ...(request.videoId === null ? {} : { videoId: request.videoId }),
      ...(reply.raw.writableFinished ? {} : { aborted: true }),
      ...(request.failure === null ? {} : { err: request.failure }),
    };
    logger[levelOf(route, status)](fields, "request");
  });
}

function levelOf(route: string | null, status: number): "debug" | "info" | "warn" | "error" {
  if (route !== null && PROBES.has(route)) return "debug";
  if (status === 503) return "warn";
  return status >= 500 ? "error" : "info";
}
