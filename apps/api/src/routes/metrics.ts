import type { AddRoute } from "../api-parts.ts";

/** `GET /metrics`: for Prometheus. */
export const addMetrics: AddRoute = (server, { metrics }) => {
  server.get(
    "/metrics",
    { schema: { summary: "Metrics for Prometheus", tags: ["operation"] } },
    async (_, reply) => {
      const { contentType, body } = await metrics.render();
      return reply.type(contentType).header("cache-control", "no-store").send(body);
    },
  );
};
