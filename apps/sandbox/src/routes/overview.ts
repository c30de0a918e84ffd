import type { BillTotals, Charge } from "../bill.ts";
import type { Parts } from "../parts.ts";
import { balanceUsd } from "./balance.ts";
import { taskView, type TaskView } from "./task-view.ts";

/** What the page shows each second. */
export type Overview = {
  seed: string;
  now: number;
  totals: BillTotals;
  keys: { key: string; balanceUsd: number; unfinished: number }[];
  unfinishedCount: number;
  /** The oldest first. */
  unfinished: TaskView[];
  /** The newest first, as the next list. */
  ended: TaskView[];
  charges: Charge[];
};

/** A page can show so many rows of one kind. */
const MOST_ROWS = 50;

export function overview(parts: Parts): Overview {
  const tasks = [...parts.tasks.all()];
  const view = (task: (typeof tasks)[number]) => taskView(parts, task);
  const unfinished = tasks.filter(({ completeTime }) => completeTime === null);
  const ended = tasks.filter(({ completeTime }) => completeTime !== null);
  const labels = new Set(tasks.map(({ keyLabel }) => keyLabel));
  return {
    seed: parts.random.seed,
    now: parts.now(),
    totals: parts.bill.totals(),
    keys: Array.from(labels, (key) => ({
      key,
      balanceUsd: balanceUsd(parts, key),
      unfinished: parts.limits.unfinished(key),
    })),
    unfinishedCount: unfinished.length,
    unfinished: unfinished.slice(0, MOST_ROWS).map(view),
    ended: ended.slice(-MOST_ROWS).toReversed().map(view),
    charges: parts.bill.view().charges.slice(-MOST_ROWS).toReversed(),
  };
}
