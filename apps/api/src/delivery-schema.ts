import { z } from "zod";
import { DELIVERY_STATES, deliveryId, WEBHOOK_EVENTS, webhookType, type Delivery } from "@rushes/pipeline";
import { HttpProblem } from "./http-problem.ts";

const seconds = z.int().describe("Unix time in seconds");

const attemptSchema = z.strictObject({
  at: seconds,
  duration_ms: z.int(),
  status: z.int().nullable().describe("The HTTP status; null when there was no answer"),
  error: z
    .strictObject({ code: z.string(), message: z.string() })
    .nullable()
    .describe("Why there was no answer"),
  response: z.string().describe("The beginning of the answer's body"),
});

/** One webhook that is or was owed to the caller, and every attempt at it. */
export const deliverySchema = z.strictObject({
  id: z.string().describe("The webhook-id header of every attempt"),
  object: z.literal("delivery"),
  event: z.enum(WEBHOOK_EVENTS.map(webhookType)),
  state: z.enum(DELIVERY_STATES),
  created_at: seconds,
  next_at: seconds.nullable().describe("When it is tried (again); null when it is not"),
  attempts: z.array(attemptSchema).readonly().describe("The newest 50, oldest first"),
});

export function presentDelivery(delivery: Delivery): z.output<typeof deliverySchema> {
  const { videoId, number, event, state, createdMs, dueMs, attempts } = delivery;
  return {
    id: deliveryId(videoId, number),
    object: "delivery",
    event: webhookType(event),
    state,
    created_at: Math.floor(createdMs / 1000),
    next_at: state === "pending" ? Math.floor(dueMs / 1000) : null,
    attempts: attempts.map(({ atMs, durationMs, status, error, excerpt }) => ({
      at: Math.floor(atMs / 1000),
      duration_ms: durationMs,
      status,
      error,
      response: excerpt,
    })),
  };
}

/**
 * The number within the id of a delivery.
 *
 * @throws HttpProblem `delivery_not_found` for an id that is not one of this video's
 */
export function deliveryNumber(id: string, videoId: string): number {
  const digits = id.startsWith(`${videoId}_`) ? id.slice(videoId.length + 1) : "";
  if (!/^[1-9]\d{0,14}$/.test(digits)) throw new HttpProblem("delivery_not_found");
  return Number(digits);
}
