import { z } from "zod";
import type { AddRoute } from "../api-parts.ts";
import { callerOf } from "../identify-caller.ts";
import { operateVideo, VERB_PROBLEMS } from "../operate-video.ts";
import { problemAnswers } from "../problem-schema.ts";
import { requireAdmin } from "../require-admin.ts";
import { videoIdSchema } from "../video-id.ts";
import { videoSchema } from "../video-schema.ts";

/** The provider's ids are opaque; what they never have is a blank at an end, which comes from copying. */
const MAX_TASK_ID_CHARACTERS = 4_000;
const TASK_ID_RULE = {
  error: `task_id must be a task's id: 1 to ${MAX_TASK_ID_CHARACTERS} characters without blanks at its ends`,
};

const bodySchema = z
  .strictObject({
    task_id: z
      .string(TASK_ID_RULE)
      .min(1, TASK_ID_RULE)
      .max(MAX_TASK_ID_CHARACTERS, TASK_ID_RULE)
      .refine((id) => id.trim() === id && id.isWellFormed(), TASK_ID_RULE),
  })
  .meta({ examples: [{ task_id: "7b0f3a52c1" }] });

/**
 * `POST /v1/videos/{id}/adopt`: a person says that this task is the video's. 202 means that it is noted; the poll stage
 * binds it once the provider was seen to know it, and `adoption` tells how that went.
 */
export const addAdoptVideo: AddRoute = (server, { ledger, operatorDesk }) => {
  server.post(
    "/videos/:id/adopt",
    {
      schema: {
        operationId: "adoptTask",
        summary: "Name the task of a video whose answer was lost; it is bound once the provider knows it",
        tags: ["operation"],
        params: z.object({ id: videoIdSchema }),
        querystring: z.strictObject({}),
        body: bodySchema,
        response: {
          202: videoSchema,
          ...problemAnswers(...VERB_PROBLEMS, "task_known", "no_unknown_attempt", "task_elsewhere"),
        },
      },
      onRequest: requireAdmin,
    },
    async (request, reply) => {
      const { name } = callerOf(request);
      const { task_id: taskId } = request.body;
      const video = await operateVideo(request, ledger, "adopt", "requested", (id) =>
        operatorDesk.adopt(id, taskId, name),
      );
      return reply.code(202).send(video);
    },
  );
};
