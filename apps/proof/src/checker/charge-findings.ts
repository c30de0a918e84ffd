import type { AttemptLine, RecordLine } from "../history/history-lines.ts";
import { isFailed, type CaseFile } from "./case-files.ts";
import type { Finding } from "./finding.ts";

type Charge = CaseFile["charges"][number];

/** Whether an order was charged no more than was agreed. Nobody releases anything in these runs, so doubt is no reason. */
export function countFindings({ prompt, charges, maxCharges }: CaseFile): Finding[] {
  const findings: Finding[] = [];
  const tooOften = (says: string): void =>
    void findings.push({ invariant: "charged-too-often", about: prompt, says });
  const tasks = charges.map(({ taskId }) => taskId).join(", ");
  if (charges.length > maxCharges) tooOften(`${charges.length} charges, ${maxCharges} agreed: ${tasks}`);
  charges.slice(1).forEach((charge, index) => {
    const before = charges[index];
    const hadFailed = isFailed(before?.task) && (before?.task?.completeTime ?? Infinity) <= charge.time;
    if (!hadFailed) tooOften(`${charge.taskId} was charged while ${before?.taskId} had not failed`);
  });
  return findings;
}

/** Whether each charge has an intent of its own, older than itself. */
export function intentFindings({ prompt, charges, records }: CaseFile): Finding[] {
  const attempts = records.flatMap((record) => record.attempts.map((attempt) => ({ ...attempt, record })));
  const taken = new Set<AttemptLine>();
  return charges.flatMap((charge) => {
    const attempt = attempts.find((candidate) => !taken.has(candidate) && isIntentOf(candidate, charge));
    if (attempt) taken.add(attempt);
    return attempt
      ? []
      : [
          {
            invariant: "charge-without-intent" as const,
            about: prompt,
            says: `nothing was on record when ${charge.taskId} was charged`,
          },
        ];
  });
}

function isIntentOf(attempt: AttemptLine & { record: RecordLine }, charge: Charge): boolean {
  if (attempt.intentMs > charge.time) return false;
  if (charge.callbackUrl !== null) {
    // The provider was told which attempt this is: video, number and secret stand in the address.
    const [videoId, number, secret] = (charge.callbackUrl.split("/").at(-1) ?? "").split(".");
    return (
      videoId === attempt.record.videoId && Number(number) === attempt.number && secret === attempt.secret
    );
  }
  return attempt.taskId === charge.taskId || (attempt.taskId === null && attempt.state === "unknown");
}

/** Whether each charged task came to something that somebody has or sees. */
export function endOfChargeFindings({ prompt, charges, records }: CaseFile): Finding[] {
  return charges.flatMap((charge) => {
    const isSeen = records.some((record) => record.phase === "unconfirmed" || holdsFileOf(record, charge));
    if (isFailed(charge.task) || isSeen) return [];
    const phases = records.map(({ phase }) => phase).join(", ") || "nowhere";
    const says = `${charge.taskId} is ${charge.task?.state ?? "unknown"}, and its order is ${phases}`;
    return [{ invariant: "charge-unaccounted" as const, about: prompt, says }];
  });
}

function holdsFileOf(record: RecordLine, { taskId }: Charge): boolean {
  return record.phase === "completed" && record.taskId === taskId && record.output.length > 0;
}
