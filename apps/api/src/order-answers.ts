import { z } from "zod";
import { HttpProblem } from "./http-problem.ts";

/** What both ways to order may answer besides 202. */
export const ORDER_PROBLEMS = [
  "idempotency_key_missing",
  "idempotency_key_invalid",
  "over_budget",
  "invalid_order",
  "idempotency_key_reused",
] as const;

/** For the documentation; `readIdempotencyKey` reads the header. */
export const orderHeaders = z.looseObject({
  "idempotency-key": z
    .string()
    .min(1)
    .max(255)
    .describe("Your own name for this order: repeated with the same one, it is ordered once")
    .optional(),
});

/** @throws HttpProblem where a route needs a body and there is none */
export async function requireBody({ body }: { body?: unknown }): Promise<void> {
  if (body === undefined) throw new HttpProblem("malformed_json", { detail: "The body is empty." });
}

export function keyReused(videoId: string): HttpProblem {
  return new HttpProblem("idempotency_key_reused", {
    detail: `This key ordered ${videoId}, with another body. Use a new key for a new order.`,
  });
}
