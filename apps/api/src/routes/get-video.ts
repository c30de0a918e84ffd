import { z } from "zod";
import { presentVideo } from "@rushes/pipeline";
import type { AddRoute } from "../api-parts.ts";
import { readOwnedVideo } from "../owned-video.ts";
import { problemAnswers } from "../problem-schema.ts";
import { videoIdSchema } from "../video-id.ts";
import { videoSchema } from "../video-schema.ts";

/** `GET /v1/videos/{id}`: a video as it is now. */
export const addGetVideo: AddRoute = (server, { ledger }) => {
  server.get(
    "/videos/:id",
    {
      schema: {
        operationId: "getVideo",
        summary: "Look at a video",
        tags: ["videos"],
        params: z.object({ id: videoIdSchema }),
        querystring: z.strictObject({}),
        response: { 200: videoSchema, ...problemAnswers("video_not_found") },
      },
    },
    async (request, reply) => {
      const { record, order, nowMs } = await readOwnedVideo(request, ledger, request.params.id);
      return reply.send(presentVideo(record, order, nowMs));
    },
  );
};
