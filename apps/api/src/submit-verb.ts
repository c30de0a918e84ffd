import { z } from "zod";
import type { Ledger } from "@rushes/ledger";
import type { ApiServer } from "./api-parts.ts";
import { callerOf } from "./identify-caller.ts";
import { refuseFields } from "./json-body.ts";
import { problemAnswers } from "./problem-schema.ts";
import { requireAdmin } from "./require-admin.ts";
import { presentSubmit, submitSchema } from "./submit-schema.ts";

export type SubmitVerb = {
  /** The last part of the path. */
  path: "pause" | "resume";
  operationId: string;
  summary: string;
  /** @param by the name of the caller's key, for the audit log */
  act: (by: string) => Promise<unknown>;
};

/** A verb about submissions as a whole, without a body: `POST /v1/submit/<path>`. Twice is the same as once. */
export function addSubmitVerb(
  server: ApiServer,
  ledger: Pick<Ledger, "submitSwitch">,
  { path, operationId, summary, act }: SubmitVerb,
): void {
  server.post(
    `/submit/${path}`,
    {
      schema: {
        operationId,
        summary,
        tags: ["operation"],
        querystring: z.strictObject({}),
        response: { 200: submitSchema, ...problemAnswers("admin_only", "invalid_body") },
      },
      onRequest: requireAdmin,
      preValidation: async (request) => refuseFields(request),
    },
    async (request, reply) => {
      await act(callerOf(request).name);
      return reply.send(presentSubmit(await ledger.submitSwitch.read()));
    },
  );
}
