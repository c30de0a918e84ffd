import type {
  AccountVerdict,
  ArchiveFact,
  AttemptKey,
  LookFact,
  Problem,
  RearchiveFact,
  SubmitFact,
} from "@rushes/pipeline";
import { NO_BUDGET, SWEEP_GRACE_MS } from "./admission.ts";
import type { LedgerSettings } from "./ledger.ts";

/** Facts as the arguments of their scripts, in the order that the head of each script names. */

/** After a 401, 402 or 403 an account gets one trial every so often: long enough to cost nothing, short enough to notice. */
const TRIAL_EVERY_MS = 300_000;

export function keyArguments(attempt: AttemptKey): (string | number)[] {
  return [attempt.number, attempt.secret];
}

export function problemArguments(problem: Problem | null): string[] {
  return problem ? [problem.code, problem.class, problem.message] : ["", "", ""];
}

/** Only a 429 says something about the account's limits. */
export function throttleArguments(fact: SubmitFact): (string | number)[] {
  const isThrottled = "kind" in fact && fact.kind === "throttled";
  return [
    isThrottled ? 1 : 0,
    isThrottled && fact.retryAfterMs !== undefined ? Math.ceil(fact.retryAfterMs) : "",
  ];
}

export function verdictArguments(verdict: AccountVerdict, settings: LedgerSettings): (string | number)[] {
  switch (verdict.kind) {
    case "open":
      return [0, ""];
    case "close":
      return [Math.ceil(TRIAL_EVERY_MS * (settings.limitTimeScale ?? 1)), verdict.code, verdict.videoId];
  }
}

/** What the provider says of ended tasks, in its own words. */
const PROVIDER_STATES: Partial<Record<LookFact["report"], string>> = {
  succeeded: "success",
  failed: "failed",
};

export function lookArguments(fact: LookFact, settings: LedgerSettings): (string | number)[] {
  const running = fact.report === "running" ? fact : null;
  const failed = fact.report === "failed" ? fact : null;
  return [
    fact.report,
    PROVIDER_STATES[fact.report] ?? running?.providerState ?? "",
    running ? Math.ceil(running.nextLookMs) : 0,
    SWEEP_GRACE_MS,
    running?.late ? 1 : 0,
    fact.report === "succeeded" ? JSON.stringify(fact.resultUrls) : "",
    ...problemArguments("problem" in fact ? fact.problem : null),
    failed?.mayRetry ? 1 : 0,
    settings.billFailedTasks ? 1 : 0,
    failed ? Math.ceil(failed.backoffMs) : 0,
    settings.budgetMicros ?? NO_BUDGET,
    running ? running.looksFailed : 0,
  ];
}

export function archiveArguments(fact: ArchiveFact): (string | number)[] {
  const again = fact.result === "again" ? fact : null;
  return [
    fact.result,
    fact.result === "stored" ? JSON.stringify(fact.output) : "",
    ...problemArguments("problem" in fact ? fact.problem : null),
    again ? Math.ceil(again.againMs) : 0,
    SWEEP_GRACE_MS,
    again?.resultUrls ? JSON.stringify(again.resultUrls) : "",
    fact.result === "stored" ? JSON.stringify(fact.manifest) : "",
  ];
}

export function rearchiveArguments(fact: RearchiveFact): string[] {
  const stored = fact.result === "stored" ? fact : null;
  return [
    fact.result,
    stored ? JSON.stringify(stored.output) : "",
    stored ? JSON.stringify(stored.manifest) : "",
    fact.result === "refused" ? fact.why : "",
  ];
}
