import type { Delivery } from "./delivery.ts";
import type { SubmitRequest } from "./submit-request.ts";
import type { Settings } from "./settings.ts";

/**
 * A task's whole life is decided when it is accepted: how long it takes, how it ends, when it is paid. Later changes
 * of the settings do not touch it, and after a restart it goes on from what was written down.
 */
export type Task = {
  taskId: string;
  /** Counts accepted tasks from 1; with the seed it decides the task's luck. */
  ordinal: number;
  keyLabel: string;
  request: SubmitRequest;
  priceMicros: number;
  payment: Pick<Settings, "chargeAt" | "refundFailed">;
  /** The host name its client called the sandbox by, and will find the files under. */
  fileHost: string;
  createTime: number;
  /** From here on `processing`. */
  processingTime: number;
  /** When it is to end; null: never. */
  dueTime: number | null;
  end: TaskEnd;
  /** When it did end; null: still running. */
  completeTime: number | null;
  /** The callbacks that go out; empty in polling mode. */
  deliveries: readonly Delivery[];
  /** The fault that ate the submit's answer, where one did. */
  submitFault: string | null;
};

export type TaskEnd = { state: "success" } | { state: "failed"; failCode: string; failMsg: string };

/** What is still open to task faults at acceptance. */
export type TaskPlan = {
  /** null: never ends; `usual`: the settings decide, by duration and end. */
  lastsMs: number | "usual" | null;
  end: TaskEnd;
  /** Unique already; what a fault adds must keep it so. */
  taskId: string;
};

/** `data` of an honest status answer. */
export type StatusData = {
  taskId: string;
  state: string;
  resultJson?: unknown;
  failCode?: string;
  failMsg?: string;
  createTime: number;
  completeTime?: number;
  costTime?: number;
};

export function stateOf(task: Task, now: number): "pending" | "processing" | "success" | "failed" {
  if (task.completeTime !== null) return task.end.state;
  return now < task.processingTime ? "pending" : "processing";
}
