import { z } from "zod";
import { PHASES, STATUSES } from "@rushes/pipeline";
import { videoIdSchema } from "./video-id.ts";

const seconds = z.int().describe("Unix time in seconds");
const dollars = z.number().describe("US dollars");

const storedFile = z.strictObject({
  url: z.string(),
  bucket: z.string(),
  key: z.string(),
  bytes: z.int(),
  sha256: z.string().describe("Lower-case hex"),
  content_type: z.string(),
});

/**
 * A video as it is answered. For the documentation, the compiler (a route may only send what fits) and the tests, which
 * hold answers against it; running requests are not slowed down by it.
 */
export const videoSchema = z.strictObject({
  id: videoIdSchema,
  object: z.literal("video"),
  model: z.string(),
  status: z.enum(STATUSES),
  phase: z.enum(PHASES).describe("The status in detail"),
  late: z.boolean().describe("The task takes longer than expected; it is still looked at"),
  input: z.record(z.string(), z.unknown()).describe("As it was ordered, with defaults"),
  created_at: seconds,
  submitted_at: seconds.nullable(),
  completed_at: seconds.nullable(),
  charges: z.int().describe("Attempts that cost or may cost money"),
  cost: z.strictObject({ reserved_usd: dollars, billed_usd: dollars }),
  provider: z.strictObject({
    account: z.string().nullable(),
    task_id: z.string().nullable(),
    state: z.string().nullable(),
  }),
  output: z.array(storedFile).readonly(),
  error: z.strictObject({ code: z.string(), class: z.string(), message: z.string() }).nullable(),
  metadata: z.record(z.string(), z.unknown()),
});
