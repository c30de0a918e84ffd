import { z } from "zod";
import type { AddRoute } from "../api-parts.ts";
import { callerOf } from "../identify-caller.ts";
import { findAccount, limitsSchema, presentLimits } from "../limits-schema.ts";
import { problemAnswers } from "../problem-schema.ts";
import { requireAdmin } from "../require-admin.ts";

const count = z.int().positive().max(1_000_000).nullable().optional();

const bodySchema = z
  .strictObject({
    concurrency: count.describe("Running tasks at once; null = learned; left out = as configured"),
    rate: count.describe("Requests per window; null = learned; left out = as configured"),
    rate_window_ms: z
      .number()
      .positive()
      .max(86_400_000)
      .nullable()
      .optional()
      .describe("The window of the rate; left out = as configured, a minute if nowhere"),
  })
  .meta({ examples: [{ concurrency: 5, rate: null }] });

/** `PUT /v1/limits/{account}`: fixed limits are never exceeded and never probed, from the next submission on. */
export const addSetLimits: AddRoute = (server, { ledger }) => {
  server.put(
    "/limits/:account",
    {
      schema: {
        operationId: "setLimits",
        summary: "Fix an account's limits, or give them back to learning",
        tags: ["operation"],
        params: z.object({ account: z.string() }),
        querystring: z.strictObject({}),
        body: bodySchema,
        response: {
          200: limitsSchema,
          ...problemAnswers("admin_only", "account_not_found", "invalid_body"),
        },
      },
      onRequest: requireAdmin,
    },
    async (request, reply) => {
      const account = await findAccount(ledger, request.params.account);
      const { concurrency, rate, rate_window_ms: rateWindowMs } = request.body;
      await ledger.limits.pin(account.name, { concurrency, rate, rateWindowMs }, callerOf(request).name);
      return reply.send(await presentLimits(ledger, account));
    },
  );
};
