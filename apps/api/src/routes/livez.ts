import { z } from "zod";
import type { AddRoute } from "../api-parts.ts";

/** `GET /livez`: that this is answered at all says that the event loop turns, which is all there is to say. */
export const addLivez: AddRoute = (server) => {
  server.get(
    "/livez",
    {
      schema: {
        summary: "Does the process live?",
        tags: ["operation"],
        response: { 200: z.strictObject({ status: z.literal("ok") }) },
      },
    },
    async (_, reply) => reply.header("cache-control", "no-store").send({ status: "ok" }),
  );
};
