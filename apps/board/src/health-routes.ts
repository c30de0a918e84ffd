import type { FastifyInstance, FastifyReply } from "fastify";
import { answerProbe, type Probe } from "@rushes/lifecycle";
import type { Metrics } from "@rushes/telemetry";

/** Long enough for a slow Redis to answer a PING, short enough for whoever waits for the probe. */
const PATIENCE_MS = 2_000;

export type HealthParts = { ready: Probe; metrics: Metrics };

/** What an orchestrator and a scraper ask, without a login: they tell numbers and nothing about any video. */
export function addHealthRoutes(app: FastifyInstance, { ready, metrics }: HealthParts): void {
  const open = { config: { isOpen: true } };
  app.get("/livez", open, (_request, reply) => sendProbe(reply, () => ({ ok: true })));
  app.get("/readyz", open, (_request, reply) => sendProbe(reply, ready));
  app.get("/metrics", open, async (_request, reply) => {
    const { contentType, body } = await metrics.render();
    return reply.type(contentType).send(body);
  });
}

async function sendProbe(reply: FastifyReply, probe: Probe): Promise<FastifyReply> {
  const { httpStatus, body } = await answerProbe(probe, PATIENCE_MS);
  return reply.code(httpStatus).send(body);
}
