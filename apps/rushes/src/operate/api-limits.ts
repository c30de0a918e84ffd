import { z } from "zod";

/** What is read of an account's limits; the api answers more. */
export const apiLimitsSchema = z.looseObject({
  account: z.string(),
  in_flight: z.number(),
  concurrency: z.number().nullable(),
  concurrency_is: z.string(),
  requests_last_minute: z.number(),
  rate_per_minute: z.number().nullable(),
  rate_is: z.string(),
  probing: z.string().nullable(),
  look_stretch: z.number(),
  closed: z.string().nullable(),
  balance_usd: z.number().nullable(),
});
export type ApiLimits = z.output<typeof apiLimitsSchema>;

export const apiLimitsListSchema = z.object({ data: z.array(apiLimitsSchema) });

/** What to fix: a number, `null` = learn it, left out = as configured. */
export type LimitsWish = {
  concurrency?: number | null | undefined;
  rate?: number | null | undefined;
  rate_window_ms?: number | undefined;
};
