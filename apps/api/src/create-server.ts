import { fastify } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { ApiParts, ApiServer } from "./api-parts.ts";
import { checkInput } from "./check-input.ts";
import { findProblem } from "./find-problem.ts";
import { HttpProblem } from "./http-problem.ts";
import { callerIdentifier } from "./identify-caller.ts";
import { acceptJsonBodies, refuseUnreadBody } from "./json-body.ts";
import { describeRoutes } from "./openapi.ts";
import { requestIdHeader, requestIdOf } from "./request-id.ts";
import { logRequest } from "./request-log.ts";
import { traceRequest } from "./request-trace.ts";
import { KEYED_ROUTES, OPEN_ROUTES } from "./routes.ts";
import { refuseConnection, sendProblem } from "./send-problem.ts";

/** Design: 256 kB for one order. Routes that take more say so. */
const MAX_BODY_BYTES = 256 * 1024;
/** Node's own default, said aloud because the documentation of `headers_too_large` names it. */
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_PARAM_CHARACTERS = 400;
/** For a whole request to arrive; even the 16 MiB of a batch need no longer between services. */
const REQUEST_TIMEOUT_MS = 30_000;

/** The server with all its routes, not listening yet. */
export function createServer(parts: ApiParts): ApiServer {
  const { settings, logger, tracing } = parts;
  const server = fastify({
    // One line per request is written by `logRequest`.
    logger: false,
    genReqId: requestIdOf,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A callback's token is longer than the router's default of 100.
    routerOptions: { maxParamLength: MAX_PARAM_CHARACTERS },
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    // What arrives on open connections while we stop is still served, and the connection closed after it.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void sendProblem(request, reply, findProblem(error)),
    clientErrorHandler: refuseConnection,
  }).withTypeProvider<ZodTypeProvider>();

  acceptJsonBodies(server);
  server.setValidatorCompiler(checkInput);
  // Response schemas describe; tests hold the answers against them, so that requests need not.
  server.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  describeRoutes(server);
  server.decorateRequest("caller", null);
  server.decorateRequest("videoId", null);
  server.decorateRequest("failure", null);
  server.decorateRequest("span", null);
  server.decorateRequest("videoTraceparent", null);

  server.addHook("onRequest", async (request, reply) => {
    if (tracing) traceRequest(tracing, request, reply);
    logRequest(logger, request, reply);
    reply.headers({ [requestIdHeader]: request.id, "x-content-type-options": "nosniff" });
    refuseUnreadBody(request);
  });
  server.setNotFoundHandler(() => {
    throw new HttpProblem("route_not_found");
  });
  server.setErrorHandler((error, request, reply) => {
    const problem = findProblem(error);
    if (problem.status >= 500) request.failure = error;
    return sendProblem(request, reply, problem);
  });

  const identifyCaller = callerIdentifier(settings.API_KEYS);
  void server.register(async (open) => {
    for (const addRoute of OPEN_ROUTES) addRoute(open, parts);
  });
  void server.register(
    async (keyed) => {
      keyed.addHook("onRequest", async (request, reply) => {
        identifyCaller(request);
        // Prompts and links to files are nobody else's business.
        reply.header("cache-control", "no-store");
      });
      // After the caller is known, and before a body is read.
      await parts.limitRequests?.(keyed);
      for (const addRoute of KEYED_ROUTES) addRoute(keyed, parts);
    },
    { prefix: "/v1" },
  );
  return server;
}
