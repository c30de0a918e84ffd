import { z } from "zod";
import { presentVideo } from "@rushes/pipeline";
import type { AddRoute } from "../api-parts.ts";
import { HttpProblem } from "../http-problem.ts";
import { refuseFields } from "../json-body.ts";
import { readOwnedVideo } from "../owned-video.ts";
import { problemAnswers } from "../problem-schema.ts";
import { videoIdSchema } from "../video-id.ts";
import { videoSchema } from "../video-schema.ts";

/** `POST /v1/videos/{id}/cancel`: only while nothing can have been charged. Twice is the same as once. */
export const addCancelVideo: AddRoute = (server, { ledger, callerDesk }) => {
  server.post(
    "/videos/:id/cancel",
    {
      schema: {
        operationId: "cancelVideo",
        summary: "Cancel a video that has not been submitted",
        tags: ["videos"],
        params: z.object({ id: videoIdSchema }),
        querystring: z.strictObject({}),
        response: {
          202: videoSchema,
          ...problemAnswers("video_not_found", "already_submitted", "invalid_body"),
        },
      },
      preValidation: async (request) => refuseFields(request),
    },
    async (request, reply) => {
      const { id } = request.params;
      const asked = await readOwnedVideo(request, ledger, id);
      const { result, phase } = await callerDesk.cancel(id, asked.order);
      if (result === "already_submitted") {
        throw new HttpProblem("already_submitted", { detail: `The video is ${phase}.` });
      }
      const { record, order, nowMs } = await readOwnedVideo(request, ledger, id);
      return reply.code(202).send(presentVideo(record, order, nowMs));
    },
  );
};
