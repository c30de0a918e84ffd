import { readHistory } from "../history/history-folder.ts";
import type { RunFacts } from "../history/history-lines.ts";
import { openCaseFiles } from "./case-files.ts";
import { checkHistory } from "./check-history.ts";
import { figuresOf, type Figures } from "./figures.ts";
import type { Finding } from "./finding.ts";

export type Verdict = {
  path: string;
  facts: RunFacts;
  findings: Finding[];
  figures: Figures;
  /** Where each record stands. */
  phases: string[];
};

/** The verdict on one folder of histories, from its files alone. */
export function checkFolder(path: string): Verdict {
  const history = readHistory(path);
  const files = openCaseFiles(history);
  const findings = checkHistory(history, files);
  return {
    path,
    facts: history.facts,
    findings,
    figures: figuresOf(history, files, findings),
    phases: history.records.map(({ phase }) => phase),
  };
}
