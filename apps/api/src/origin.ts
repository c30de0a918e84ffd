import type { FastifyRequest } from "fastify";
import type { Origin } from "@rushes/pipeline";
import type { Span } from "@rushes/telemetry";

/** Version 00 of W3C's trace context, the only one there is; an id of zeros only is none. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * What an order keeps of the request that ordered it: the caller's trace context, or where there is none the one that begins
 * with our own span. A trace context that is none is dropped, as its standard says.
 */
export function originOf({
  id,
  headers,
  span,
}: Pick<FastifyRequest, "id" | "headers"> & { span?: Span | null }): Origin {
  const { traceparent: callers } = headers;
  const isTraced = typeof callers === "string" && TRACEPARENT.test(callers);
  const traceparent = isTraced ? callers : span?.traceparent;
  return { request_id: id, ...(traceparent === undefined ? {} : { traceparent }) };
}
