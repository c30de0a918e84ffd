import type { History } from "../history/history-folder.ts";
import type { ChargeLine, RecordLine, TaskLine } from "../history/history-lines.ts";

/** All that the witnesses say of one order, brought together by its prompt, which every one of them saw. */
export type CaseFile = {
  prompt: string;
  key: string | null;
  maxCharges: number;
  /** Ids that the caller was told. */
  acknowledged: readonly string[];
  isRefused: boolean;
  records: readonly RecordLine[];
  /** In order of time, each with its task. */
  charges: readonly (ChargeLine & { task: TaskLine | undefined })[];
};

export function isFailed(task: TaskLine | undefined): boolean {
  return task?.state === "failed";
}

export function openCaseFiles(history: History): CaseFile[] {
  const tasks = new Map(history.tasks.map((task) => [task.taskId, task]));
  const sent = new Map(
    history.orders.flatMap((line) => (line.event === "sent" ? [[line.prompt, line] as const] : [])),
  );
  const prompts = new Set([
    ...sent.keys(),
    ...history.bill.map(({ prompt }) => prompt),
    ...history.records.map(({ prompt }) => prompt),
  ]);
  const records = Map.groupBy(history.records, ({ prompt }) => prompt);
  const charges = Map.groupBy(history.bill, ({ prompt }) => prompt);
  const answers = Map.groupBy(history.orders, ({ key }) => key);
  return [...prompts].map((prompt) => {
    const order = sent.get(prompt);
    const told = order ? (answers.get(order.key) ?? []) : [];
    return {
      prompt,
      key: order?.key ?? null,
      maxCharges: order?.maxCharges ?? 0,
      acknowledged: told.flatMap((line) => (line.event === "acknowledged" ? [line.videoId] : [])),
      isRefused: told.some(({ event }) => event === "refused"),
      records: records.get(prompt) ?? [],
      charges: (charges.get(prompt) ?? [])
        .toSorted((a, b) => a.time - b.time)
        .map((charge) => ({ ...charge, task: tasks.get(charge.taskId) })),
    };
  });
}
