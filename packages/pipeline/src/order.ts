import { z } from "zod";
import { videoInputSchema } from "./video-input.ts";
import { webhookEvents, webhookUrl } from "./webhook-order.ts";

export const MODEL = "kling-2-1";
const MAX_METADATA_BYTES = 8 * 1024;
const MAX_DELAY_S = 30 * 24 * 3600;

/** Neither an order nor a release may allow more. */
export const MOST_CHARGES = 10;
const CHARGES_RULE = { error: `max_charges must be an integer from 1 to ${MOST_CHARGES}` };
export const maxCharges = z.int(CHARGES_RULE).min(1, CHARGES_RULE).max(MOST_CHARGES, CHARGES_RULE);

const metadata = z
  .record(z.string(), z.json(), { error: "metadata must be a JSON object" })
  .refine((value) => new TextEncoder().encode(JSON.stringify(value)).length <= MAX_METADATA_BYTES, {
    error: `metadata must have at most ${MAX_METADATA_BYTES} bytes as JSON`,
  });

const fields = z.strictObject({
  input: videoInputSchema,
  model: z.literal(MODEL, { error: `model must be "${MODEL}"` }).default(MODEL),
  /** Goes before lower ones of the same caller; never before another caller's. */
  priority: z
    .int({ error: "priority must be an integer from -100 to 100 (higher goes first)" })
    .min(-100, { error: "priority must be an integer from -100 to 100 (higher goes first)" })
    .max(100, { error: "priority must be an integer from -100 to 100 (higher goes first)" })
    .default(0),
  /** Not submitted before so many seconds have passed. */
  delay_s: z
    .number({ error: "delay_s must be a number of seconds" })
    .min(0, { error: "delay_s must be 0 or more seconds" })
    .max(MAX_DELAY_S, { error: `delay_s must be at most ${MAX_DELAY_S} seconds (30 days)` })
    .default(0),
  /** How often this video may be charged in all, failed tasks and released doubts included. */
  max_charges: maxCharges.default(1),
  metadata: metadata.default({}),
  /** Where the caller is told how the video ended. */
  webhook_url: webhookUrl.optional(),
  /** See `wantedEvents`. */
  webhook_events: webhookEvents.optional(),
});

/** The body of `POST /v1/videos`: what a caller orders. Unknown fields are refused, so that a typing error is seen. */
export const orderSchema = fields.refine(
  (order) => order.webhook_events === undefined || order.webhook_url !== undefined,
  {
    path: ["webhook_events"],
    error: "webhook_events says what to tell, so it needs a webhook_url to tell it to",
    // Told together with whatever else is wrong, not only after that is mended.
    when: ({ value }) => typeof value === "object" && value !== null,
  },
);

export type OrderRequest = z.input<typeof orderSchema>;
/** Where an order came from, carried along so that one search finds its request, jobs, logs and files. */
export type Origin = {
  /** `X-Request-Id` of the request that ordered it. */
  request_id?: string;
  /** W3C trace context, as the caller sent it; where it sent none, of the request itself if that is traced. */
  traceparent?: string;
};

/** A valid order. Stored once at admission and never changed. Where it came from is no part of what was ordered. */
export type Order = z.output<typeof orderSchema> & { origin?: Origin };
