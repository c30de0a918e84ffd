import type { ListedAccount } from "@rushes/apixo";
import type { Secret } from "@rushes/lifecycle";
import type { AccountLimits } from "@rushes/ledger";
import { Failure, type Provider } from "@rushes/pipeline";

/** One key at the provider, and what is known of its limits. What is not given is learned. */
export type Account = { name: string; key: Secret; limits: AccountLimits };

/** The account of a worker that is given one key only. */
const ONLY_ACCOUNT = "default";

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
