import { z } from "zod";
import type { Secret } from "@rushes/lifecycle";
import type { AccountLimits } from "@rushes/ledger";
import { Failure, type Provider } from "@rushes/pipeline";

/** One key at the provider, and what is known of its limits. What is not given is learned. */
export type Account = { name: string; key: Secret; limits: AccountLimits };

/** The account of a worker that is given one key only. */
const ONLY_ACCOUNT = "default";

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/);
const count = z.int().positive();
const accountList = z
  .array(
    z.strictObject({
      name,
      key: z.string().min(1),
      concurrency: count.optional(),
      rate: count.optional(),
      rate_window_ms: z.number().positive().optional(),
    }),
  )
  .nonempty()
  .refine((list) => new Set(list.map((one) => one.name)).size === list.length);

export type ListedAccount = z.output<typeof accountList>[number];

/** How `APIXO_ACCOUNTS` must look. */
export const ACCOUNTS_FIX =
  'must be JSON like [{"name": "main", "key": "…", "concurrency": 20, "rate": 60, "rate_window_ms": 60000}], names of a-z, 0-9, - and _, each once; all but name and key may be left out';

/** Undefined when the text is no such list. */
export function parseAccounts(text: string): readonly ListedAccount[] | undefined {
  try {
    return accountList.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

type LimitsOfAll = {
  LIMIT_CONCURRENCY?: number | undefined;
  LIMIT_RATE?: number | undefined;
  LIMIT_RATE_WINDOW_MS?: number | undefined;
};

/** The accounts of a process: those of the list, each with its own limits or else the common ones; or the one key's. */
export function accountsOf(
  listed: readonly (Omit<ListedAccount, "key"> & { key: Secret })[] | undefined,
  onlyKey: Secret | undefined,
  common: LimitsOfAll,
): Account[] {
  const one = onlyKey ? [{ name: ONLY_ACCOUNT, key: onlyKey }] : [];
  return (listed ?? one).map((account: Omit<ListedAccount, "key"> & { key: Secret }) => ({
    name: account.name,
    key: account.key,
    limits: {
      name: account.name,
      concurrency: account.concurrency ?? common.LIMIT_CONCURRENCY,
      rate: account.rate ?? common.LIMIT_RATE,
      rateWindowMs: account.rate_window_ms ?? common.LIMIT_RATE_WINDOW_MS,
    },
  }));
}

/**
 * A task is always looked at with the account that submitted it. Of an account that is not configured any more nothing can
 * be asked: its tasks wait, more and more slowly, until it is named again.
 */
export function providerOf(providers: ReadonlyMap<string, Provider>): (account: string) => Provider {
  return (account) => {
    const provider = providers.get(account);
    if (provider) return provider;
    throw new Failure({
      kind: "misconfigured",
      class: "account",
      code: "account_unknown",
      message: `The account ${account} is not configured here; name it in APIXO_ACCOUNTS again.`,
      requestLeft: false,
    });
  };
}
