import { MODES, PHASES } from "@rushes/pipeline";
import { z } from "zod";

/** A file in the bucket. */
const apiFileSchema = z.looseObject({
  url: z.string(),
  bucket: z.string(),
  key: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  content_type: z.string(),
});
export type ApiFile = z.output<typeof apiFileSchema>;

/** What is read of a video; the api answers more. Times are unix seconds, money is dollars. */
export const apiVideoSchema = z.looseObject({
  id: z.string(),
  phase: z.enum(PHASES),
  late: z.boolean(),
  input: z.looseObject({ mode: z.enum(MODES), duration: z.literal([5, 10]), prompt: z.string() }),
  created_at: z.number(),
  charges: z.number(),
  cost: z.object({ reserved_usd: z.number(), billed_usd: z.number() }),
  unconfirmed: z
    .object({
      since: z.number(),
      at_stake_usd: z.number(),
      attempts: z.number(),
      max_charges: z.number(),
    })
    .nullable(),
  adoption: z
    .object({ task_id: z.string(), state: z.enum(["asked", "refused"]), message: z.string() })
    .nullable(),
  rearchive: z.object({ state: z.enum(["asked", "refused"]), message: z.string() }).nullable(),
  provider: z.object({
    account: z.string().nullable(),
    task_id: z.string().nullable(),
    state: z.string().nullable(),
  }),
  output: z.array(apiFileSchema),
  manifest: apiFileSchema.nullable(),
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
});
export type ApiVideo = z.output<typeof apiVideoSchema>;

export const apiPageSchema = z.object({
  data: z.array(apiVideoSchema),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});
