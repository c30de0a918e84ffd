/**
 * What one check came to. `fix` completes the sentence "to mend it: …". A refusal that is not `lasting` (a full disk, a
 * failover under way) goes away without a restart of ours, so a process waits for that instead of ending.
 */
export type Finding = {
  /** Stable and short, for machines: `eviction`. Goes over the wire in `/readyz`, so it carries no value. */
  check: string;
  /** For people: what is there. Never a secret. */
  found: string;
} & (
  | { verdict: "ok" }
  | { verdict: "warn" | "unknown"; fix: string }
  | { verdict: "refuse"; fix: string; lasting: boolean }
);

export type Verdict = Finding["verdict"];

export type Refusal = Extract<Finding, { verdict: "refuse" }>;

export function refusalsAmong(findings: readonly Finding[]): Refusal[] {
  return findings.filter((finding) => finding.verdict === "refuse");
}
