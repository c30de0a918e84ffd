import { z } from "zod";
import type { AddRoute } from "../api-parts.ts";
import { openProblemAnswers } from "../problem-schema.ts";

/** `GET /livez`: that this is answered at all says that the event loop turns, which is all there is to say. */
export const addLivez: AddRoute = (server) => {
  server.get(
    "/livez",
    {
      schema: {
        operationId: "checkLife",
        summary: "Does the process live?",
        tags: ["operation"],
        response: {
          200: z.strictObject({ status: z.literal("ok") }).meta({ examples: [{ status: "ok" }] }),
          ...openProblemAnswers(),
        },
      },
    },
    async (_, reply) => reply.header("cache-control", "no-store").send({ status: "ok" }),
  );
};
