import { setTimeout as sleep } from "node:timers/promises";
import { describeView, type AccountLimits, type Ledger, type LimitsView } from "@rushes/ledger";
import { lookDelayMs } from "@rushes/pipeline";
import type { Metrics } from "@rushes/telemetry";

/** How old the picture may be that gaps between looks are stretched by. Multiplied by `LIMIT_TIME_SCALE`. */
const READ_EVERY_MS = 2_000;
const LEAST_READ_MS = 100;
/** Notes are folded into the state by who claims; where nobody does, here. */
const NOTES_TO_FOLD = 50;

export type LimitsWatch = {
  /** How long to wait for the next look at a task of this account where the schedule says `gapMs`. */
  lookDelayMs(account: string, gapMs: number): number;
  /** A look met a 429: all replicas slow down. */
  noteLookRefused(account: string, retryAfterMs: number | undefined): Promise<void>;
  stop(): Promise<void>;
};

/** Keeps a recent picture of the accounts' limits for polls and metrics, at the cost of one read every two seconds. */
export function startLimitsWatch(options: {
  ledger: Pick<Ledger, "limits">;
  accounts: readonly AccountLimits[];
  timeScale: number;
  metrics: Pick<Metrics, "inflightLimit" | "rateLimit" | "lookStretch">;
  onProblem: (error: Error) => void;
}): LimitsWatch {
  const { ledger, accounts, timeScale, metrics, onProblem } = options;
  const pictures = new Map<string, { view: LimitsView; takenMs: number }>();
  const stopping = new AbortController();

  async function look(account: AccountLimits): Promise<void> {
    const takenMs = performance.now();
    const view = await ledger.limits.read(account);
    pictures.set(account.name, { view, takenMs });
    show(account.name, view);
    if (view.folded >= NOTES_TO_FOLD) await ledger.limits.fold(account);
  }

  /** A limit that is not known yet has no sample. */
  function show(account: string, view: LimitsView): void {
    const { limit, ratePerMinute, lookStretch } = describeView(view);
    if (limit === null) metrics.inflightLimit.remove({ account });
    else metrics.inflightLimit.set({ account }, limit);
    if (ratePerMinute === null) metrics.rateLimit.remove({ account });
    else metrics.rateLimit.set({ account }, ratePerMinute / 60);
    metrics.lookStretch.set({ account }, lookStretch);
  }

  async function watch(): Promise<void> {
    const everyMs = Math.max(LEAST_READ_MS, READ_EVERY_MS * timeScale);
    while (!stopping.signal.aborted) {
      for (const account of accounts) await look(account).catch(onProblem);
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const watching = watch();
  return {
    lookDelayMs(account, gapMs) {
      const picture = pictures.get(account);
      if (!picture) return gapMs;
      const nowMs = picture.view.nowMs + (performance.now() - picture.takenMs);
      return lookDelayMs(picture.view.state, { nowMs, random: Math.random }, gapMs);
    },
    async noteLookRefused(account, retryAfterMs) {
      await ledger.limits.noteLookRefused(account, retryAfterMs);
      const known = accounts.find(({ name }) => name === account);
      if (known) await look(known);
    },
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}
