import type { RecordLine } from "../history/history-lines.ts";
import type { CaseFile } from "./case-files.ts";
import type { Finding } from "./finding.ts";

const FINAL: readonly string[] = ["completed", "failed", "cancelled"];

export function isFinal(phase: string): boolean {
  return FINAL.includes(phase);
}

/** Whether an acknowledged order is there, once, and has ended once or waits where people see it. */
export function orderFindings(file: CaseFile): Finding[] {
  const { prompt, acknowledged, records } = file;
  const findings: Finding[] = [];
  const lost = (says: string): void => void findings.push({ invariant: "order-lost", about: prompt, says });
  const ids = [...new Set(acknowledged)];
  if (ids.length > 1) lost(`the caller was told ${ids.join(" and ")} for one key`);
  for (const id of ids) {
    if (!records.some(({ videoId }) => videoId === id)) lost(`${id} was acknowledged and has no record`);
  }
  if (records.length > 1) lost(`it has ${records.length} records`);
  if (records.length > 0 && file.isRefused && ids.length === 0) lost("it was refused, and has a record");
  return [...findings, ...records.flatMap((record) => endFindings(prompt, record))];
}

function endFindings(prompt: string, record: RecordLine): Finding[] {
  const { videoId, phase, events } = record;
  const findings: Finding[] = [];
  if (!isFinal(phase) && phase !== "unconfirmed") {
    findings.push({ invariant: "not-drained", about: prompt, says: `${videoId} is still ${phase}` });
  }
  const endings = events.filter(
    (event, index) => isFinal(event.phase) && !isFinal(events[index - 1]?.phase ?? "queued"),
  );
  const say = (says: string): void =>
    void findings.push({ invariant: "ends-once", about: prompt, says: `${videoId} ${says}` });
  if (endings.length > 1)
    say(`ended ${endings.length} times: ${events.map((event) => event.what).join(", ")}`);
  if (endings.length > 0 && !isFinal(phase)) say(`had ended, and is ${phase}`);
  if (endings.length === 0 && isFinal(phase)) say(`is ${phase}, and never ended`);
  return findings;
}
