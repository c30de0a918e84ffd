import { z } from "zod";
import { describeView } from "@rushes/ledger";
import type { AddRoute } from "../api-parts.ts";
import { callerOf } from "../identify-caller.ts";
import { refuseFields } from "../json-body.ts";
import { findAccount, limitsSchema, presentLimits } from "../limits-schema.ts";
import { problemAnswers } from "../problem-schema.ts";
import { requireAdmin } from "../require-admin.ts";

/** `POST /v1/limits/{account}/pin`: what has been learned so far is fixed; what is not known yet goes on being learned. */
export const addPinLimits: AddRoute = (server, { ledger }) => {
  server.post(
    "/limits/:account/pin",
    {
      schema: {
        operationId: "pinLimits",
        summary: "Fix an account's limits at what has been learned",
        tags: ["operation"],
        params: z.object({ account: z.string() }),
        querystring: z.strictObject({}),
        response: {
          200: limitsSchema,
          ...problemAnswers("admin_only", "account_not_found", "invalid_body"),
        },
      },
      onRequest: requireAdmin,
      preValidation: async (request) => refuseFields(request),
    },
    async (request, reply) => {
      const account = await findAccount(ledger, request.params.account);
      const view = await ledger.limits.read(account);
      const { limit, ratePerMinute } = describeView(view);
      const pinned = {
        concurrency: limit === null ? null : Math.max(1, Math.floor(limit)),
        rate: ratePerMinute === null ? null : Math.max(1, Math.floor(ratePerMinute)),
        rateWindowMs: 60_000 * view.state.scale,
      };
      await ledger.limits.pin(account.name, pinned, callerOf(request).name);
      return reply.send(await presentLimits(ledger, account));
    },
  );
};
