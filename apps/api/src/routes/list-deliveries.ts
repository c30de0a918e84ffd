import { z } from "zod";
import type { AddRoute } from "../api-parts.ts";
import { deliverySchema, presentDelivery } from "../delivery-schema.ts";
import { EXAMPLE_DELIVERY, exampleList } from "../examples.ts";
import { readOwnedVideo } from "../owned-video.ts";
import { problemAnswers } from "../problem-schema.ts";
import { videoIdSchema } from "../video-id.ts";

const listSchema = z
  .strictObject({
    object: z.literal("list"),
    data: z.array(deliverySchema).readonly(),
  })
  .meta({ examples: [exampleList(EXAMPLE_DELIVERY)] });

/** `GET /v1/videos/{id}/deliveries`: the webhooks of a video, oldest first, with what came of every attempt. */
export const addListDeliveries: AddRoute = (server, { ledger }) => {
  server.get(
    "/videos/:id/deliveries",
    {
      schema: {
        operationId: "listDeliveries",
        summary: "List the webhooks of a video and their attempts",
        tags: ["webhooks"],
        params: z.object({ id: videoIdSchema }),
        querystring: z.strictObject({}),
        response: { 200: listSchema, ...problemAnswers("video_not_found") },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await readOwnedVideo(request, ledger, id);
      const deliveries = await ledger.deliveries.list(id);
      return reply.send({ object: "list", data: deliveries.map(presentDelivery) });
    },
  );
};
