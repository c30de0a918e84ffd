import { z } from "zod";
import { orderSchema, presentVideo } from "@rushes/pipeline";
import type { AddRoute } from "../api-parts.ts";
import { checkOrderInput } from "../check-input.ts";
import { HttpProblem } from "../http-problem.ts";
import { readIdempotencyKey } from "../idempotency-key.ts";
import { callerOf } from "../identify-caller.ts";
import { problemAnswers } from "../problem-schema.ts";
import { videoSchema } from "../video-schema.ts";

/** `POST /v1/videos`: one order. Answered with 202 only once the order is safe. */
export const addOrderVideo: AddRoute = (server, { settings, producer, ledger }) => {
  const isKeyRequired = settings.REQUIRE_IDEMPOTENCY_KEY;

  server.post(
    "/videos",
    {
      schema: {
        summary: "Order a video",
        tags: ["videos"],
        headers: z.looseObject({ "idempotency-key": z.string().min(1).max(255).optional() }),
        // Nothing may be overlooked here: an unknown parameter could have meant "do not order".
        querystring: z.strictObject({}),
        body: orderSchema,
        response: {
          202: videoSchema,
          ...problemAnswers(
            "malformed_json",
            "idempotency_key_missing",
            "idempotency_key_invalid",
            "over_budget",
            "body_too_large",
            "unsupported_media_type",
            "invalid_order",
            "idempotency_key_reused",
          ),
        },
      },
      validatorCompiler: checkOrderInput,
      preValidation: async (request) => {
        if (request.body === undefined)
          throw new HttpProblem("malformed_json", { detail: "The body is empty." });
      },
    },
    async (request, reply) => {
      const order = request.body;
      const idempotencyKey = readIdempotencyKey(request.headers["idempotency-key"], isKeyRequired);
      const admission = await producer.orderVideo({ order, owner: callerOf(request).name, idempotencyKey });
      switch (admission.kind) {
        case "over_budget":
          throw new HttpProblem("over_budget");
        case "conflict":
          request.videoId = admission.videoId;
          throw new HttpProblem("idempotency_key_reused", {
            detail: `This key ordered ${admission.videoId}, with another body. Use a new key for a new order.`,
          });
        case "replayed":
          reply.header("idempotent-replayed", "true");
          break;
        case "admitted":
          break;
      }
      request.videoId = admission.videoId;
      const reading = await ledger.read(admission.videoId);
      // Its key and its record are forgotten together, so only within this very moment.
      if (reading === null) throw new HttpProblem("video_not_found");
      return reply
        .code(202)
        .header("location", `/v1/videos/${admission.videoId}`)
        .send(presentVideo(reading.record, reading.order));
    },
  );
};
