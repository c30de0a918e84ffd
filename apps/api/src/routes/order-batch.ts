import { z } from "zod";
import { dollars, presentVideo, priceMicros, type Order, type Video } from "@rushes/pipeline";
import type { AddRoute } from "../api-parts.ts";
import { batchSchema, MOST_BATCH_ERRORS } from "../batch-errors.ts";
import { checkBatchInput } from "../check-input.ts";
import { EXAMPLE_VIDEO, exampleList } from "../examples.ts";
import { HttpProblem } from "../http-problem.ts";
import { readIdempotencyKey } from "../idempotency-key.ts";
import { callerOf } from "../identify-caller.ts";
import { originOf } from "../origin.ts";
import { keyReused, ORDER_PROBLEMS, orderHeaders, requireBody } from "../order-answers.ts";
import { problemAnswers } from "../problem-schema.ts";
import { videoSchema } from "../video-schema.ts";

const MAX_BATCH_BYTES = 16 * 1024 * 1024;

const listSchema = z
  .strictObject({
    object: z.literal("list"),
    data: z.array(videoSchema).readonly().describe("In the order of the request"),
  })
  .meta({ examples: [exampleList(EXAMPLE_VIDEO)] });

/** `POST /v1/videos/batch`: many orders under one key. Either all of them are safe when it is answered, or none exists. */
export const addOrderBatch: AddRoute = (server, { settings, producer, ledger }) => {
  const isKeyRequired = settings.REQUIRE_IDEMPOTENCY_KEY;

  server.post(
    "/videos/batch",
    {
      bodyLimit: MAX_BATCH_BYTES,
      schema: {
        operationId: "orderBatch",
        summary: "Order up to 1,000 videos: all of them, or none",
        tags: ["videos"],
        headers: orderHeaders,
        querystring: z.strictObject({}),
        body: batchSchema,
        response: { 202: listSchema, ...problemAnswers(...ORDER_PROBLEMS) },
      },
      validatorCompiler: checkBatchInput,
      preValidation: requireBody,
    },
    async (request, reply) => {
      const origin = originOf(request);
      const orders = request.body.videos.map((order): Order => ({ ...order, origin }));
      const owner = callerOf(request).name;
      const idempotencyKey = readIdempotencyKey(request.headers["idempotency-key"], isKeyRequired);
      const admission = await producer.orderBatch({ orders, owner, idempotencyKey });
      const answer = (data: readonly Video[]) => reply.code(202).send({ object: "list", data });
      switch (admission.kind) {
        case "over_budget":
          throw overBudget(orders, admission.leftMicros);
        case "conflict":
          request.videoId = admission.videoId;
          throw keyReused(admission.videoId);
        case "replayed": {
          reply.header("idempotent-replayed", "true");
          // Those that ended so long ago that they were forgotten are missing.
          const readings = await ledger.readMany(admission.videoIds);
          return answer(readings.map(({ record, order, nowMs }) => presentVideo(record, order, nowMs)));
        }
        case "admitted":
          return answer(
            admission.records.map((record, index) => presentVideo(record, orders[index] as Order)),
          );
      }
    },
  );
};

/** Names the orders for which nothing is left when those before them are paid. */
function overBudget(orders: readonly Order[], leftMicros: number): HttpProblem {
  const errors = [];
  let total = 0;
  for (const [index, { input }] of orders.entries()) {
    const price = priceMicros(input.mode, input.duration);
    const left = Math.max(0, leftMicros - total);
    total += price;
    if (price > left) {
      const message = `costs ${inDollars(price)}, of which the budget has ${inDollars(left)} left here`;
      errors.push({ field: `videos[${index}]`, message });
    }
  }
  return new HttpProblem("over_budget", {
    detail: `The batch costs ${inDollars(total)}, and ${inDollars(leftMicros)} of today's budget are left. Nothing was ordered; repeat with the same key later, or order less.`,
    errors,
    mostErrors: MOST_BATCH_ERRORS,
  });
}

function inDollars(micros: number): string {
  return `$${dollars(micros).toFixed(2)}`;
}
