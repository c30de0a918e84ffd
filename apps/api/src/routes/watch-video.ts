import { z } from "zod";
import type { AddRoute } from "../api-parts.ts";
import { callerOf } from "../identify-caller.ts";
import { readOwnedVideo } from "../owned-video.ts";
import { problemAnswers } from "../problem-schema.ts";
import { videoIdSchema } from "../video-id.ts";

const EXAMPLE = `id: 3
data: {"object":"video.event","video_id":"vid_01m86yp4hzd5c9j2120awz0hnr","type":"accepted","status":"in_progress","phase":"generating","at":1795530000}

`;

const eventStream = z
  .string()
  .describe(
    "Server-sent events: id, the number of the change, and data, a JSON object with video_id, type (what happened, for people), status, phase and at (unix seconds). Comments between them only keep the connection open",
  )
  .meta({ examples: [EXAMPLE] });

/** `GET /v1/videos/{id}/events`: every change of a video, those of the past first, until the one that ends it. */
export const addWatchVideo: AddRoute = (server, { ledger, eventStreams }) => {
  server.get(
    "/videos/:id/events",
    {
      // A HEAD would open a stream that nobody reads.
      exposeHeadRoute: false,
      schema: {
        operationId: "watchVideo",
        summary: "Watch a video: server-sent events, one per change, until it has ended",
        tags: ["videos"],
        headers: z.looseObject({
          "last-event-id": z
            .string()
            .describe("The id of the last event that was seen; only later ones are sent")
            .optional(),
        }),
        params: z.object({ id: videoIdSchema }),
        querystring: z.strictObject({}),
        response: {
          200: { description: "The stream", content: { "text/event-stream": { schema: eventStream } } },
          204: z
            .null()
            .describe("The video has ended and its last event was seen: there is no reason to come back"),
          ...problemAnswers("video_not_found", "too_many_streams"),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await readOwnedVideo(request, ledger, id);
      const stream = await eventStreams.open(
        id,
        lastEventId(request.headers["last-event-id"]),
        callerOf(request).name,
      );
      if (stream === null) return reply.code(204).send(null);
      return reply
        .type("text/event-stream")
        .headers({
          // For nginx, which would otherwise gather events.
          "x-accel-buffering": "no",
        })
        .send(stream as never);
    },
  );
};

/** What is no id of ours is the id of nothing seen: the events come from the beginning. */
function lastEventId(header: unknown): number {
  return typeof header === "string" && /^\d{1,15}$/.test(header) ? Number(header) : 0;
}
