import { z } from "zod";
import { WAITING_PHASES, type Ledger, type Overview } from "@rushes/ledger";
import { dollars, PHASES, type Phase } from "@rushes/pipeline";
import { limitsSchema, presentAllLimits } from "./limits-schema.ts";
import { presentSubmit, submitSchema } from "./submit-schema.ts";

const time = z.int().describe("Unix time in seconds");

const phaseSchema = z.strictObject({
  videos: z.int(),
  oldest_at: time
    .nullable()
    .describe(
      "When the oldest of them was ordered, or became unconfirmed; null = there is none, or it has ended",
    ),
});

export const overviewSchema = z.strictObject({
  object: z.literal("overview"),
  at: time,
  submit: submitSchema,
  phases: z.strictObject(
    Object.fromEntries(PHASES.map((phase) => [phase, phaseSchema])) as Record<Phase, typeof phaseSchema>,
  ),
  late: z.int().describe("Videos whose task takes longer than expected"),
  money: z.strictObject({
    today_usd: z.number().describe("Reserved or billed on today's UTC day: what the budget is held against"),
    reserved_usd: z.number(),
    billed_usd: z.number(),
    budget_usd: z.number().nullable().describe("Per UTC day; null = none is set here"),
    unconfirmed_usd: z.number().describe("What unconfirmed videos may have been charged"),
  }),
  archive: z.strictObject({
    oldest_result_at: time.nullable().describe("Of results that are not archived yet; null = there is none"),
    gone_at: time.nullable().describe("When the provider will have it no more (RESULT_LIFE_MS)"),
  }),
  webhooks_pending: z.int().describe("Neither delivered nor given up"),
  accounts: z.array(limitsSchema),
});

export type OverviewParts = {
  ledger: Pick<Ledger, "readTotals" | "readTime" | "limits" | "readAccount" | "budgetMicros">;
  overview: Pick<Overview, "readOldest" | "readOldestDoubt">;
  resultLifeMs: number;
};

/** How all stands now. One small command per caller and phase, and half a dozen per account. */
export async function readOverview({
  ledger,
  overview,
  resultLifeMs,
}: OverviewParts): Promise<z.output<typeof overviewSchema>> {
  const [nowMs, totals, oldestMs, doubtMs, accounts] = await Promise.all([
    ledger.readTime(),
    ledger.readTotals(),
    overview.readOldest(WAITING_PHASES),
    overview.readOldestDoubt(),
    presentAllLimits(ledger),
  ]);
  const { reservedMicros, spentMicros } = totals;
  const since: Partial<Record<Phase, number | null>> = { ...oldestMs, unconfirmed: doubtMs };
  const phases = PHASES.map((phase) => {
    const row = { videos: totals.phases[phase], oldest_at: seconds(since[phase] ?? null) };
    return [phase, row] as const;
  });
  const resultMs = totals.oldestResultAgeMs === null ? null : nowMs - totals.oldestResultAgeMs;
  return {
    object: "overview",
    at: Math.floor(nowMs / 1000),
    submit: presentSubmit(totals.submitPause),
    phases: Object.fromEntries(phases) as z.output<typeof overviewSchema>["phases"],
    late: totals.late,
    money: {
      today_usd: dollars(spentMicros),
      reserved_usd: dollars(reservedMicros),
      billed_usd: dollars(spentMicros - reservedMicros),
      budget_usd: ledger.budgetMicros === null ? null : dollars(ledger.budgetMicros),
      unconfirmed_usd: dollars(totals.unconfirmedMicros),
    },
    archive: {
      oldest_result_at: seconds(resultMs),
      gone_at: seconds(resultMs === null ? null : resultMs + resultLifeMs),
    },
    webhooks_pending: totals.webhooksPending,
    accounts,
  };
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : Math.floor(ms / 1000);
}
