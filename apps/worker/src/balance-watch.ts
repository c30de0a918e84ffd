import { setTimeout as sleep } from "node:timers/promises";
import { dollars, Failure, type Provider } from "@rushes/pipeline";
import type { RoleParts } from "./role.ts";

/** A closed account is asked so many times as often: it should open soon after it was paid for. */
const EAGER = 4;

/**
 * Asks for the account's balance, one replica at a time, so that submits stop before the provider refuses them and go on
 * soon after the account was topped up. A balance that cannot be read changes nothing.
 */
export function startBalanceWatch(
  { ledger, logger, onProblem }: Pick<RoleParts, "ledger" | "logger" | "onProblem">,
  account: string,
  provider: Provider,
  everyMs: number,
): { stop: () => Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;

  async function look(): Promise<void> {
    const { closed } = await ledger.readAccount(account);
    const turnMs = closed ? everyMs / EAGER : everyMs;
    // A little less than the time between two looks, so that a replica's own next look finds the turn free.
    if (!(await ledger.takeBalanceTurn(account, turnMs * 0.9))) return;
    const micros = await provider.currentBalance({ signal });
    const result = await ledger.noteBalance(account, micros);
    if (result === "closed") {
      logger.error(
        { account, balanceUsd: dollars(micros) },
        "the balance is too low for any video: submits stop",
      );
    }
    if (result === "opened") {
      logger.warn({ account, balanceUsd: dollars(micros) }, "the balance has risen: submits go on");
    }
  }

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      // Not every provider key may read its balance; the next look tells, and submits go on as they are.
      await look().catch((error: unknown) => {
        if (!signal.aborted && !(error instanceof Failure)) onProblem(error as Error);
      });
      await sleep(everyMs / EAGER, undefined, { signal }).catch(() => {});
    }
  }

  const watching = watch();
  return {
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}
