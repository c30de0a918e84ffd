import { z } from "zod";
import type { AddRoute } from "../api-parts.ts";
import { openProblemAnswers } from "../problem-schema.ts";

/** `GET /readyz`: 503 with the names of what is missing while orders would be refused, and from the moment of stopping. */
export const addReadyz: AddRoute = (server, { findObstacles }) => {
  server.get(
    "/readyz",
    {
      schema: {
        operationId: "checkReadiness",
        summary: "Can the process take orders?",
        tags: ["operation"],
        response: {
          200: z.strictObject({ status: z.literal("ok") }).meta({ examples: [{ status: "ok" }] }),
          503: z
            .strictObject({ status: z.literal("unavailable"), because: z.array(z.string()).readonly() })
            .meta({ examples: [{ status: "unavailable", because: ["redis"] }] }),
          ...openProblemAnswers(),
        },
      },
    },
    async (_, reply) => {
      const because = await findObstacles();
      reply.header("cache-control", "no-store");
      if (because.length === 0) return reply.send({ status: "ok" });
      return reply.code(503).send({ status: "unavailable", because });
    },
  );
};
