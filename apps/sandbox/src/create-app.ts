import fastify, { type FastifyError, type FastifyInstance } from "fastify";
import { z } from "zod";
import { refusal, type Answer } from "./answer.ts";
import type { Parts } from "./parts.ts";
import { registerControlRoutes } from "./routes/control-routes.ts";
import { registerPageRoute } from "./routes/page-route.ts";
import { registerProviderRoutes } from "./routes/provider-routes.ts";
import { sendAnswer } from "./send-answer.ts";

/** More than the largest valid submit: 5,500 characters and two URLs. */
const MOST_BODY_BYTES = 1_048_576;

/** The API, the control endpoints and the page. Whatever goes wrong with a request is an envelope. */
export function createApp(parts: Parts, reset: () => void): FastifyInstance {
  const app = fastify({ forceCloseConnections: true, bodyLimit: MOST_BODY_BYTES });
  app.setNotFoundHandler((_request, reply) => sendAnswer(reply, refusal(404, "Not found")));
  app.setErrorHandler((error: FastifyError | z.ZodError, _request, reply) => {
    sendAnswer(reply, answerTo(error));
  });
  registerProviderRoutes(app, parts);
  registerControlRoutes(app, parts, reset);
  registerPageRoute(app);
  return app;
}

function answerTo(error: FastifyError | z.ZodError): Answer {
  if (error instanceof z.ZodError) return refusal(400, z.prettifyError(error));
  if ((error.statusCode ?? 500) < 500) return refusal(400, `Invalid request body: ${error.message}`);
  // A mistake of the sandbox must not pass for a provider's honest 500.
  process.stderr.write(`sandbox: ${error.stack ?? error.message}\n`);
  return refusal(500, `The sandbox itself failed: ${error.message}`);
}
