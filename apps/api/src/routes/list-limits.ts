import { z } from "zod";
import type { AddRoute } from "../api-parts.ts";
import { EXAMPLE_LIMITS, exampleList } from "../examples.ts";
import { limitsSchema, presentAllLimits } from "../limits-schema.ts";
import { problemAnswers } from "../problem-schema.ts";
import { requireAdmin } from "../require-admin.ts";

const listSchema = z
  .strictObject({ object: z.literal("list"), data: z.array(limitsSchema) })
  .meta({ examples: [exampleList(EXAMPLE_LIMITS)] });

/** `GET /v1/limits`: what is known of each account's limits, and how sure it is. */
export const addListLimits: AddRoute = (server, { ledger }) => {
  server.get(
    "/limits",
    {
      schema: {
        operationId: "listLimits",
        summary: "List the accounts with their limits",
        tags: ["operation"],
        querystring: z.strictObject({}),
        response: { 200: listSchema, ...problemAnswers("admin_only") },
      },
      onRequest: requireAdmin,
    },
    async (_request, reply) => reply.send({ object: "list", data: await presentAllLimits(ledger) }),
  );
};
