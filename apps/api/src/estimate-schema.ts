import { z } from "zod";
import { dollars } from "@rushes/pipeline";
import type { Estimate } from "@rushes/producer";

/** What a dry run answers. */
export const estimateSchema = z
  .strictObject({
    estimate_usd: z.number().describe("What one charge costs; max_charges may allow more of them"),
    would_exceed_budget: z.boolean().describe("Whether the order would be refused with 402 now"),
    queue_ahead: z
      .int()
      .describe("Videos whose turn comes before this one's, fairness between callers counted in"),
    eta_s: z
      .int()
      .nullable()
      .describe(
        "Seconds until it would be completed: the wait in line at what the account's limits allow or at the pace of the last ten minutes, and the median of what such videos took. Null while one of them is not known: no video of this mode and length has been completed yet, no account is open, or others wait and nothing has ended lately",
      ),
  })
  .meta({ examples: [{ estimate_usd: 1, would_exceed_budget: false, queue_ahead: 12, eta_s: 190 }] });

export function presentEstimate({ priceMicros, wouldExceedBudget, queueAhead, etaS }: Estimate) {
  return {
    estimate_usd: dollars(priceMicros),
    would_exceed_budget: wouldExceedBudget,
    queue_ahead: queueAhead,
    eta_s: etaS,
  };
}
