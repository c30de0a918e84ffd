import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { orderSchema, presentVideo, type Order } from "@rushes/pipeline";
import type { AddRoute } from "../api-parts.ts";
import { checkOrderInput } from "../check-input.ts";
import { estimateSchema, presentEstimate } from "../estimate-schema.ts";
import { EXAMPLE_OPENAI_ORDER, EXAMPLE_ORDERS } from "../examples.ts";
import { HttpProblem } from "../http-problem.ts";
import { readIdempotencyKey } from "../idempotency-key.ts";
import { callerOf } from "../identify-caller.ts";
import { acceptForms } from "../multipart-body.ts";
import { openAiOrderSchema } from "../openai-order.ts";
import { originOf } from "../origin.ts";
import { keyReused, ORDER_PROBLEMS, orderHeaders, requireBody } from "../order-answers.ts";
import { problemAnswers } from "../problem-schema.ts";
import { videoSchema } from "../video-schema.ts";

const querySchema = z.strictObject({
  // Nothing may be overlooked here: an unknown parameter could have meant "do not order".
  dry_run: z
    .enum(["true", "false"], { error: "dry_run must be true or false" })
    .describe(
      "true: the order is checked and answered with 200 and what it would cost and take; nothing is ordered",
    )
    .optional(),
});

const bodySchema = z
  .union([orderSchema, openAiOrderSchema])
  .meta({ examples: [...EXAMPLE_ORDERS, EXAMPLE_OPENAI_ORDER] });

/** `POST /v1/videos`: one order, in our own form or in that of OpenAI's videos api. Answered with 202 only once the order is safe. */
export const addOrderVideo: AddRoute = (server, { settings, producer, estimateOrder, ledger }) => {
  const isKeyRequired = settings.REQUIRE_IDEMPOTENCY_KEY;

  void server.register(async (forms) => {
    acceptForms(forms);
    forms.withTypeProvider<ZodTypeProvider>().post(
      "/videos",
      {
        schema: {
          operationId: "orderVideo",
          summary: "Order a video",
          tags: ["videos"],
          headers: orderHeaders,
          querystring: querySchema,
          consumes: ["application/json", "multipart/form-data"],
          body: bodySchema,
          response: { 200: estimateSchema, 202: videoSchema, ...problemAnswers(...ORDER_PROBLEMS) },
        },
        validatorCompiler: checkOrderInput,
        preValidation: requireBody,
      },
      async (request, reply) => {
        // As `checkOrderInput` gives it, whatever form it came in.
        const order: Order = { ...(request.body as Order), origin: originOf(request) };
        if (request.query.dry_run === "true") {
          return reply.code(200).send(presentEstimate(await estimateOrder(order, callerOf(request).name)));
        }
        const idempotencyKey = readIdempotencyKey(request.headers["idempotency-key"], isKeyRequired);
        const admission = await producer.orderVideo({ order, owner: callerOf(request).name, idempotencyKey });
        if (admission.kind === "over_budget") throw new HttpProblem("over_budget");
        const { videoId } = admission;
        request.videoId = videoId;
        if (admission.kind === "conflict") throw keyReused(videoId);
        reply.code(202).header("location", `/v1/videos/${videoId}`);
        if (admission.kind === "admitted") return reply.send(presentVideo(admission.record, order));
        const reading = await ledger.read(videoId);
        // Its key and its record are forgotten together, so only within this very moment.
        if (reading === null) throw new HttpProblem("video_not_found");
        return reply
          .header("idempotent-replayed", "true")
          .send(presentVideo(reading.record, reading.order, reading.nowMs));
      },
    );
  });
};
