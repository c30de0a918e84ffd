import type { History } from "../history/history-folder.ts";
import { openCaseFiles, type CaseFile } from "./case-files.ts";
import { countFindings, endOfChargeFindings, intentFindings } from "./charge-findings.ts";
import { fileFindings } from "./file-findings.ts";
import type { Finding } from "./finding.ts";
import { bookFindings, overshootMicros } from "./money-findings.ts";
import { orderFindings } from "./order-findings.ts";

/** Holds the histories of the witnesses against each other. Reads nothing else, so it can be run again years later. */
export function checkHistory(
  history: History,
  files: readonly CaseFile[] = openCaseFiles(history),
): Finding[] {
  const { keepsBooks, keepsFiles, drainedAt } = history.facts;
  const objects = new Map(history.objects.map((object) => [object.key, object]));
  const findings = files.flatMap((file) => [
    ...strangerFindings(file),
    ...orderFindings(file),
    ...countFindings(file),
    ...(keepsBooks ? [...intentFindings(file), ...endOfChargeFindings(file), ...bookFindings(file)] : []),
    ...(keepsFiles ? fileFindings(file, objects) : []),
  ]);
  const overshoot = overshootMicros(history, files);
  if (overshoot > 0) {
    const says = `$${overshoot / 1e6} above $${history.facts.budgetUsd}`;
    findings.push({ invariant: "budget-passed", about: "the budget", says });
  }
  if (drainedAt === null)
    findings.push({ invariant: "not-drained", about: "the run", says: "the work did not come to its end" });
  return findings;
}

/** A charge or a record that no caller has ordered. */
function strangerFindings({ prompt, key, charges, records }: CaseFile): Finding[] {
  if (key !== null) return [];
  const about = prompt;
  const charged = charges.map(({ taskId }) => ({
    ...{ invariant: "charged-too-often" as const, about, says: `${taskId} was ordered by nobody` },
  }));
  const kept = records.map(({ videoId }) => ({
    ...{ invariant: "order-lost" as const, about, says: `${videoId} was ordered by nobody` },
  }));
  return [...charged, ...kept];
}
