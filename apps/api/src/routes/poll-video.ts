import { z } from "zod";
import type { AddRoute } from "../api-parts.ts";
import { refuseFields } from "../json-body.ts";
import { operateVideo, VERB_PROBLEMS } from "../operate-video.ts";
import { problemAnswers } from "../problem-schema.ts";
import { requireAdmin } from "../require-admin.ts";
import { videoIdSchema } from "../video-id.ts";
import { videoSchema } from "../video-schema.ts";

/** `POST /v1/videos/{id}/poll`: the next look at the running task is now. */
export const addPollVideo: AddRoute = (server, { ledger, operatorDesk }) => {
  server.post(
    "/videos/:id/poll",
    {
      schema: {
        summary: "Look at the running task of a video now",
        tags: ["operation"],
        params: z.object({ id: videoIdSchema }),
        querystring: z.strictObject({}),
        response: { 202: videoSchema, ...problemAnswers(...VERB_PROBLEMS) },
      },
      onRequest: requireAdmin,
      preValidation: async (request) => refuseFields(request),
    },
    async (request, reply) => {
      const video = await operateVideo(request, ledger, "poll", "hurried", (id) => operatorDesk.pollNow(id));
      return reply.code(202).send(video);
    },
  );
};
