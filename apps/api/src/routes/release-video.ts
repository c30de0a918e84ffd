import { z } from "zod";
import { maxCharges } from "@rushes/pipeline";
import type { AddRoute } from "../api-parts.ts";
import { callerOf } from "../identify-caller.ts";
import { operateVideo, VERB_PROBLEMS } from "../operate-video.ts";
import { problemAnswers } from "../problem-schema.ts";
import { requireAdmin } from "../require-admin.ts";
import { videoIdSchema } from "../video-id.ts";
import { videoSchema } from "../video-schema.ts";

const ATTEMPTS_RULE = { error: "attempts must be an integer from 1" };

const bodySchema = z
  .strictObject({
    max_charges: maxCharges
      .optional()
      .describe("Raises how often the video may be charged in all: your consent to pay again"),
    attempts: z
      .int(ATTEMPTS_RULE)
      .min(1, ATTEMPTS_RULE)
      .optional()
      .describe("unconfirmed.attempts as you saw it: refused if there have been more since"),
  })
  .meta({ examples: [{ max_charges: 2, attempts: 1 }] });

/**
 * `POST /v1/videos/{id}/release`: lets an unconfirmed video be charged again. Two that come at once release it once, for
 * after the first it is queued.
 */
export const addReleaseVideo: AddRoute = (server, { ledger, operatorDesk }) => {
  server.post(
    "/videos/:id/release",
    {
      schema: {
        operationId: "releaseVideo",
        summary: "Submit a video again whose answer was lost: a new charge",
        tags: ["operation"],
        params: z.object({ id: videoIdSchema }),
        querystring: z.strictObject({}),
        body: bodySchema,
        response: { 202: videoSchema, ...problemAnswers(...VERB_PROBLEMS, "charges_used_up") },
      },
      onRequest: requireAdmin,
      preValidation: async (request) => {
        if (request.body === undefined) request.body = {};
      },
    },
    async (request, reply) => {
      const { name } = callerOf(request);
      const { max_charges: allowed = null, attempts = null } = request.body;
      const video = await operateVideo(request, ledger, "release", "released", (id) =>
        operatorDesk.release(id, allowed, name, attempts),
      );
      return reply.code(202).send(video);
    },
  );
};
