import { z } from "zod";
import type { AddRoute } from "../api-parts.ts";
import { openProblemAnswers } from "../problem-schema.ts";

const page = z.string().meta({ examples: ['rushes_videos{phase="queued"} 3\n'] });

/** `GET /metrics`: for Prometheus. */
export const addMetrics: AddRoute = (server, { metrics }) => {
  server.get(
    "/metrics",
    {
      schema: {
        operationId: "readMetrics",
        summary: "Metrics for Prometheus",
        tags: ["operation"],
        response: {
          200: { description: "The page", content: { "text/plain": { schema: page } } },
          ...openProblemAnswers(),
        },
      },
    },
    async (_, reply) => {
      const { contentType, body } = await metrics.render();
      return reply.type(contentType).header("cache-control", "no-store").send(body);
    },
  );
};
