import type { AddRoute } from "../api-parts.ts";

/** `GET /livez`: that this is answered at all says that the event loop turns, which is all there is to say. */
export const addLivez: AddRoute = (server) => {
  server.get(
    "/livez",
    { schema: { summary: "Does the process live?", tags: ["operation"] } },
    async (_, reply) => {
      return reply.header("cache-control", "no-store").send({ status: "ok" });
    },
  );
};
