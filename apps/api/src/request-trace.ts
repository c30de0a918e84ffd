import type { FastifyReply, FastifyRequest } from "fastify";
import type { Span, SpanFields, Tracing } from "@rushes/telemetry";

declare module "fastify" {
  interface FastifyRequest {
    /** The request in its trace; null where none is kept of it. */
    span: Span | null;
    /** Set by a route whose request is part of a video's life: the trace context that this video was ordered with. */
    videoTraceparent: string | null;
  }
}

/** Asked every few seconds by machines. */
const PROBES = new Set(["/livez", "/readyz", "/metrics"]);
/** The provider knows nothing of our traces: only once its token is read is it known whose trace it belongs to. */
const CALLBACKS = "/callbacks/apixo/:token";

/**
 * A span for each request, in its caller's trace, or at the beginning of one. It names the route and never the address as
 * it was typed: there may be a callback's token in it, or a caller's key in the wrong place.
 */
export function traceRequest(tracing: Tracing, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url;
  if (route !== undefined && PROBES.has(route)) return;
  const startedMs = Date.now();
  const begin = (parent: string | undefined): Span =>
    tracing.begin(route === undefined ? request.method : `${request.method} ${route}`, {
      kind: "server",
      parent,
      startedMs,
      fields: {
        "http.request.method": request.method,
        "http.route": route,
        "rushes.request.id": request.id,
      },
    });
  const { traceparent } = request.headers;
  const callers = typeof traceparent === "string" ? traceparent : undefined;
  if (route !== CALLBACKS) request.span = begin(callers);

  reply.raw.once("close", () => {
    const span = request.span ?? begin(request.videoTraceparent ?? callers);
    span.set(endOf(request, reply));
    // A caller's mistake is no failure of ours; one that went away got no answer, which need not be one either.
    if (reply.raw.statusCode >= 500) span.fail(String(reply.raw.statusCode));
    span.end();
  });
}

function endOf(request: FastifyRequest, reply: FastifyReply): SpanFields {
  return {
    "http.response.status_code": reply.raw.statusCode,
    "rushes.caller": request.caller?.name,
    "rushes.video.id": request.videoId ?? undefined,
    "rushes.aborted": reply.raw.writableFinished ? undefined : true,
  };
}
