import { z } from "zod";
import { describeView, type AccountLimits, type Ledger } from "@rushes/ledger";
import { dollars } from "@rushes/pipeline";
import { HttpProblem } from "./http-problem.ts";

const certainty = z
  .enum(["fixed", "proven", "suspected", "unknown"])
  .describe("Fixed by somebody, proven by refusals, suspected after one, or nothing known");

export const limitsSchema = z.strictObject({
  object: z.literal("limits"),
  account: z.string(),
  in_flight: z.int().describe("Running tasks, with calls that wait for an answer"),
  concurrency: z.number().nullable().describe("Running tasks allowed at once; null = no limit is known"),
  concurrency_is: certainty,
  requests_last_minute: z.int(),
  rate_per_minute: z.number().nullable().describe("Requests allowed a minute; null = no limit is known"),
  rate_is: certainty,
  probing: z
    .enum(["places", "rate", "doubt", "beyond"])
    .nullable()
    .describe("What the one call that goes beyond tests at this moment"),
  rests_until: z.int().nullable().describe("Unix time in seconds"),
  look_stretch: z.number().describe("How much longer than planned the gaps between looks at tasks are"),
  set: z
    .strictObject({
      concurrency: z.number().nullable().optional(),
      rate: z.number().nullable().optional(),
      rate_window_ms: z.number().nullable().optional(),
    })
    .describe("What was set here: a number, null = learned, left out = as configured"),
  closed: z.string().nullable().describe("Why nothing is submitted with this account; null = it is open"),
  balance_usd: z.number().nullable().describe("As last read; null = not known"),
});

/** How an account stands, as people are shown it. */
export async function presentLimits(
  ledger: Pick<Ledger, "limits" | "readAccount">,
  account: AccountLimits,
): Promise<z.output<typeof limitsSchema>> {
  const [view, { closed, balanceMicros }] = await Promise.all([
    ledger.limits.read(account),
    ledger.readAccount(account.name),
  ]);
  const now = describeView(view);
  const { concurrency, rate, rateWindowMs } = view.pinned;
  return {
    object: "limits",
    account: account.name,
    in_flight: now.inFlight,
    concurrency: now.limit,
    concurrency_is: now.limitIs,
    requests_last_minute: now.lastMinute,
    rate_per_minute: now.ratePerMinute,
    rate_is: now.rateIs,
    probing: now.probing,
    rests_until: now.restUntilMs === null ? null : Math.ceil(now.restUntilMs / 1000),
    look_stretch: now.lookStretch,
    set: { concurrency, rate, rate_window_ms: rateWindowMs },
    closed,
    balance_usd: balanceMicros === null ? null : dollars(balanceMicros),
  };
}

/** Every account that a worker has announced. */
export async function presentAllLimits(
  ledger: Pick<Ledger, "limits" | "readAccount">,
): Promise<z.output<typeof limitsSchema>[]> {
  const accounts = await ledger.limits.list();
  return await Promise.all(accounts.map((account) => presentLimits(ledger, account)));
}

/** @throws HttpProblem `account_not_found` */
export async function findAccount(ledger: Pick<Ledger, "limits">, name: string): Promise<AccountLimits> {
  const account = (await ledger.limits.list()).find((known) => known.name === name);
  if (!account) throw new HttpProblem("account_not_found");
  return account;
}
