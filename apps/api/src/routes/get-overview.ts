import { z } from "zod";
import type { AddRoute } from "../api-parts.ts";
import { overviewSchema, readOverview } from "../overview-schema.ts";
import { problemAnswers } from "../problem-schema.ts";
import { requireAdmin } from "../require-admin.ts";

/** `GET /v1/overview`: what an operator wants to see at a glance, of all callers together. */
export const addGetOverview: AddRoute = (server, { ledger, overview, settings }) => {
  server.get(
    "/overview",
    {
      schema: {
        operationId: "getOverview",
        summary: "Phases, limits and money at a glance",
        tags: ["operation"],
        querystring: z.strictObject({}),
        response: { 200: overviewSchema, ...problemAnswers("admin_only") },
      },
      onRequest: requireAdmin,
    },
    async (_request, reply) =>
      reply.send(await readOverview({ ledger, overview, resultLifeMs: settings.RESULT_LIFE_MS })),
  );
};
