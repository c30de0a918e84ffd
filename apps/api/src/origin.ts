import type { FastifyRequest } from "fastify";
import type { Origin } from "@rushes/pipeline";

/** Version 00 of W3C's trace context, the only one there is; an id of zeros only is none. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** What an order keeps of the request that ordered it. A trace context that is none is dropped, as its standard says. */
export function originOf({ id, headers }: Pick<FastifyRequest, "id" | "headers">): Origin {
  const { traceparent } = headers;
  const isTraced = typeof traceparent === "string" && TRACEPARENT.test(traceparent);
  return { request_id: id, ...(isTraced ? { traceparent } : {}) };
}
