import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

export const requestIdHeader = "x-request-id";

/** What may go into a log line and back into a header without a second thought. */
const SANE = /^[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}$/;

/** The caller's own `X-Request-Id` where it is sane, otherwise a new one. */
export function requestIdOf(request: Pick<IncomingMessage, "headers">): string {
  const own = request.headers[requestIdHeader];
  return typeof own === "string" && SANE.test(own) ? own : randomUUID();
}
