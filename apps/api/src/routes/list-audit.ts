import { z } from "zod";
import type { AddRoute } from "../api-parts.ts";
import { EXAMPLE_VIDEO, exampleList } from "../examples.ts";
import { pageLimit } from "../page-limit.ts";
import { problemAnswers } from "../problem-schema.ts";
import { requireAdmin } from "../require-admin.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

const entrySchema = z.strictObject({
  object: z.literal("audit_entry"),
  at: z.int().describe("Unix time in seconds"),
  by: z.string().describe("The name of the API key, or policy for UNCONFIRMED_POLICY"),
  verb: z.string().describe("adopt, release, write-off, set-limits, pause-submit and so on"),
  video_id: z.string().describe("Empty where it was about an account, or all submissions"),
  details: z.record(z.string(), z.string()),
});

const listSchema = z.strictObject({ object: z.literal("list"), data: z.array(entrySchema).readonly() }).meta({
  examples: [
    exampleList({
      object: "audit_entry",
      at: 1_795_530_000,
      by: "ops",
      verb: "release",
      video_id: EXAMPLE_VIDEO.id,
      details: { max_charges_before: "1", max_charges: "2" },
    }),
  ],
});

/** `GET /v1/audit`: what people, and the policy, decided about money. About the newest 10,000 entries are kept. */
export const addListAudit: AddRoute = (server, { ledger }) => {
  server.get(
    "/audit",
    {
      schema: {
        operationId: "listAudit",
        summary: "List what operators did to videos, newest first",
        tags: ["operation"],
        querystring: z.strictObject({
          limit: pageLimit(MAX_LIMIT, DEFAULT_LIMIT),
        }),
        response: { 200: listSchema, ...problemAnswers("admin_only") },
      },
      onRequest: requireAdmin,
    },
    async (request, reply) => {
      const entries = await ledger.readAudit(request.query.limit);
      const data = entries.map(({ atMs, by, verb, videoId, details }) => ({
        object: "audit_entry" as const,
        at: Math.floor(atMs / 1000),
        by,
        verb,
        video_id: videoId,
        details,
      }));
      return reply.send({ object: "list", data });
    },
  );
};
