import { z } from "zod";
import type { AddRoute } from "../api-parts.ts";
import { deliveryNumber, deliverySchema, presentDelivery } from "../delivery-schema.ts";
import { HttpProblem } from "../http-problem.ts";
import { callerOf } from "../identify-caller.ts";
import { refuseFields } from "../json-body.ts";
import { readOwnedVideo } from "../owned-video.ts";
import { problemAnswers } from "../problem-schema.ts";
import { videoIdSchema } from "../video-id.ts";

/** `POST /v1/videos/{id}/deliveries/{delivery}/replay`: the same webhook again, now, with its id and its bytes. */
export const addReplayDelivery: AddRoute = (server, { ledger, callerDesk }) => {
  server.post(
    "/videos/:id/deliveries/:delivery/replay",
    {
      schema: {
        operationId: "replayDelivery",
        summary: "Send a webhook again, whatever became of it",
        tags: ["webhooks"],
        params: z.object({ id: videoIdSchema, delivery: z.string() }),
        querystring: z.strictObject({}),
        response: {
          202: deliverySchema,
          ...problemAnswers("video_not_found", "delivery_not_found", "invalid_body"),
        },
      },
      preValidation: async (request) => refuseFields(request),
    },
    async (request, reply) => {
      const { id } = request.params;
      const { order } = await readOwnedVideo(request, ledger, id);
      const number = deliveryNumber(request.params.delivery, id);
      const replay = await callerDesk.replayDelivery(id, number, order, callerOf(request).name);
      const delivery = await ledger.deliveries.read(id, number);
      if (replay.result !== "replayed" || !delivery) throw new HttpProblem("delivery_not_found");
      return reply.code(202).send(presentDelivery(delivery));
    },
  );
};
