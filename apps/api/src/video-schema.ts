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
  media: z
    .strictObject({ width: z.int(), height: z.int(), duration_ms: z.int(), codec: z.string() })
    .optional()
    .describe("What the file says of itself, where it does"),
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
  unconfirmed: z
    .strictObject({
      since: seconds,
      at_stake_usd: dollars.describe("What the attempts without an answer may have cost"),
      attempts: z.int().describe("How often it was tried to submit; release takes it as a guard"),
      max_charges: z.int().describe("How often the video may be charged in all"),
    })
    .nullable()
    .describe("While the phase is unconfirmed: the answer to a submission was lost"),
  adoption: z
    .strictObject({ task_id: z.string(), state: z.enum(["asked", "refused"]), message: z.string() })
    .nullable()
    .describe("A task that an operator named as this video's, until the video follows a task"),
  rearchive: z
    .strictObject({ state: z.enum(["asked", "refused"]), message: z.string() })
    .nullable()
    .describe("An operator wants the files archived again, or wanted it in vain"),
  provider: z.strictObject({
    account: z.string().nullable(),
    task_id: z.string().nullable(),
    state: z.string().nullable(),
  }),
  output: z.array(storedFile).readonly(),
  manifest: storedFile
    .nullable()
    .describe("The JSON beside the files: request, task, times, cost, hashes; null until they are stored"),
  error: z.strictObject({ code: z.string(), class: z.string(), message: z.string() }).nullable(),
  metadata: z.record(z.string(), z.unknown()),
  progress: z.int().describe("In percent: an estimate from what is usual; 100 only when it is completed"),
  prompt: z.string().describe("As in input; this and what follows are for clients of OpenAI's videos api"),
  seconds: z.string().describe("The duration, as a text"),
  size: z
    .string()
    .nullable()
    .describe(
      "Of the stored file where it tells; before that what is usual for the aspect ratio, null for images",
    ),
  expires_at: z.null().describe("Files in your own bucket do not expire"),
});
