import { refusalsAmong, type Finding } from "@rushes/preflight";

/** Lines for a person: one row per check, the fix under whatever is not in order, and what it comes to. */
export function findingsTable(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ check }) => check.length), "check".length);
  const row = (check: string, verdict: string, text: string): string =>
    `${check.padEnd(width)}  ${verdict.padEnd("unknown".length)}  ${text}`;
  return [
    row("check", "verdict", "found"),
    ...findings.flatMap((finding) => [
      row(finding.check, finding.verdict, finding.found),
      ...(finding.verdict === "ok" ? [] : [row("", "", `to mend it: ${finding.fix}`)]),
    ]),
    "",
    conclusionOf(findings),
  ];
}

function conclusionOf(findings: readonly Finding[]): string {
  const refused = refusalsAmong(findings).map(({ check }) => check);
  if (refused.length > 0) return `Not safe for paid work: ${refused.join(", ")}.`;
  const open = findings.filter(({ verdict }) => verdict !== "ok").map(({ check }) => check);
  return open.length > 0 ? `Nothing refuses. Look at: ${open.join(", ")}.` : "Everything is in order.";
}
