import { createDialGuard, type DialGuard, type DialRules } from "@rushes/guarded-dial";
import { resultUrlForbidden } from "./result-failure.ts";

export type GuardRules = Omit<DialRules, "subject" | "refusal">;

/** The guard of result URLs: what it refuses is a `Failure` with code `result_url_forbidden`. */
export function createDownloadGuard(rules: GuardRules): DialGuard {
  return createDialGuard({ ...rules, subject: "result", refusal: resultUrlForbidden });
}
