import { z } from "zod";
import type { AddRoute } from "../api-parts.ts";
import { callerOf } from "../identify-caller.ts";
import { refuseFields } from "../json-body.ts";
import { operateVideo, VERB_PROBLEMS } from "../operate-video.ts";
import { problemAnswers } from "../problem-schema.ts";
import { requireAdmin } from "../require-admin.ts";
import { videoIdSchema } from "../video-id.ts";
import { videoSchema } from "../video-schema.ts";

/** `POST /v1/videos/{id}/write-off`: an unconfirmed video fails, and what it may have cost is booked as spent. */
export const addWriteOffVideo: AddRoute = (server, { ledger, operatorDesk }) => {
  server.post(
    "/videos/:id/write-off",
    {
      schema: {
        summary: "Give up a video whose answer was lost, and count its money as spent",
        tags: ["operation"],
        params: z.object({ id: videoIdSchema }),
        querystring: z.strictObject({}),
        response: { 202: videoSchema, ...problemAnswers(...VERB_PROBLEMS) },
      },
      onRequest: requireAdmin,
      preValidation: async (request) => refuseFields(request),
    },
    async (request, reply) => {
      const { name } = callerOf(request);
      const video = await operateVideo(request, ledger, "write off", "written_off", (id) =>
        operatorDesk.writeOff(id, name),
      );
      return reply.code(202).send(video);
    },
  );
};
