import { PHASES, type Phase } from "@rushes/pipeline";
import { z } from "zod";
import { apiLimitsSchema } from "./api-limits.ts";

/** Whether new paid work may begin. */
export const apiSubmitSchema = z.looseObject({
  paused: z.boolean(),
  paused_by: z.string().nullable(),
  paused_at: z.number().nullable(),
});
export type ApiSubmit = z.output<typeof apiSubmitSchema>;

const phaseSchema = z.looseObject({ videos: z.number(), oldest_at: z.number().nullable() });

/** What is read of the overview; the api may answer more. Times are unix seconds, money is dollars. */
export const apiOverviewSchema = z.looseObject({
  at: z.number(),
  submit: apiSubmitSchema,
  phases: z.looseObject(
    Object.fromEntries(PHASES.map((phase) => [phase, phaseSchema])) as Record<Phase, typeof phaseSchema>,
  ),
  late: z.number(),
  money: z.looseObject({
    today_usd: z.number(),
    reserved_usd: z.number(),
    billed_usd: z.number(),
    budget_usd: z.number().nullable(),
    unconfirmed_usd: z.number(),
  }),
  archive: z.looseObject({ oldest_result_at: z.number().nullable(), gone_at: z.number().nullable() }),
  webhooks_pending: z.number(),
  accounts: z.array(apiLimitsSchema),
});
export type ApiOverview = z.output<typeof apiOverviewSchema>;
