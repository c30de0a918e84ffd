import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import { HttpProblem, PROBLEM_TYPE, problemDocument } from "./http-problem.ts";
import { requestIdHeader } from "./request-id.ts";

/** Answers a request with a problem document. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: HttpProblem,
): FastifyReply {
  return reply
    .code(problem.status)
    .headers({ ...problem.details.headers, [requestIdHeader]: request.id, "content-type": PROBLEM_TYPE })
    .send(JSON.stringify(problemDocument(problem, request.id)));
}

/**
 * Answers what never became a request: broken HTTP, too many headers, a request that did not arrive in time. There is
 * no reply to use yet, only the socket, which is closed.
 */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code !== "ECONNRESET" && socket.writable) {
    const problem = problemOf(error.code);
    const body = JSON.stringify(problemDocument(problem));
    socket.write(
      [
        `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
        `content-type: ${PROBLEM_TYPE}`,
        `content-length: ${Buffer.byteLength(body)}`,
        "connection: close",
        "",
        body,
      ].join("\r\n"),
    );
  }
  socket.destroy();
}

function problemOf(code: string | undefined): HttpProblem {
  if (code === "HPE_HEADER_OVERFLOW") return new HttpProblem("headers_too_large");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new HttpProblem("request_timeout");
  return new HttpProblem("malformed_request");
}
