import { failMessage } from "./fail-codes.ts";
import type { TaskFault } from "./fault.ts";

export const TASK_FAULTS: readonly TaskFault[] = [
  {
    at: "task",
    name: "fail",
    does: "The task ends failed with this failCode: any documented spelling, or one nobody has seen.",
    argument: { name: "code", default: "Unknown error" },
    change: (plan, { text }) => ({
      ...plan,
      end: { state: "failed", failCode: text, failMsg: failMessage(text) },
    }),
  },
  {
    at: "task",
    name: "task:slow",
    does: "The task takes this long.",
    argument: { name: "lastsMs", default: 600_000 },
    change: (plan, { number }) => ({ ...plan, lastsMs: number }),
  },
  {
    at: "task",
    name: "task:instant",
    does: "The task ends the moment it is accepted.",
    change: (plan) => ({ ...plan, lastsMs: 0 }),
  },
  {
    at: "task",
    name: "task:never",
    does: "The task never ends.",
    change: (plan) => ({ ...plan, lastsMs: null }),
  },
  {
    at: "task",
    name: "task:odd-id",
    does: "The task's id ends with these characters.",
    argument: { name: "ending", default: "/../?&#%2F+ :;é" },
    change: (plan, { text }) => ({ ...plan, taskId: `${plan.taskId}${text}` }),
  },
  {
    at: "task",
    name: "task:long-id",
    does: "The task's id has this many characters, and only the last ones tell it from others.",
    argument: { name: "length", default: 2_000 },
    change: (plan, { number }) => ({ ...plan, taskId: plan.taskId.padStart(number, "0") }),
  },
];
