import type { Answer, EnvelopeAnswer } from "../answer.ts";
import type { Delivery } from "../delivery.ts";
import type { FilePlan } from "../file-plan.ts";
import type { StatusData, TaskPlan } from "../task.ts";

/**
 * A fault is one row: its name, what it does in words, and a function that does it. `at` says at which moment it is
 * asked for, and thereby what the function is given and what it must return. To add a fault, add a row to the
 * table of its moment; markers, settings, the page and `GET /sandbox/faults` find it there.
 */
export type Fault =
  | SubmitFault
  | SubmitDelayFault
  | TaskFault
  | StatusFault
  | StatusDelayFault
  | ResultFault
  | FileFault
  | CallbackFault
  | EnvelopeFault
  | BalanceFault;

export type FaultMoment = Fault["at"];

type Row<At extends string> = {
  at: At;
  /** `group:name`, as written in a marker. */
  name: string;
  /** One sentence for README and page. */
  does: string;
  /** The fault's own argument; its default also says whether it is a number or text. */
  argument?: { name: string; default: number | string };
};

/** A fault's argument as written or by default: `number` is NaN for a text. */
export type Given = { number: number; text: string };

/** Decides the answer of a submit. `accepts` says whether a task was created, and charged, before it. */
export type SubmitFault = Row<"submit"> & {
  accepts: boolean;
  /** `taskId` is empty where nothing was accepted. */
  answer: (given: Given, taskId: string) => Answer;
};

/** Makes a submit slow: before the decision to accept, or between that and the answer. */
export type SubmitDelayFault = Row<"submit-delay"> & { before: "acceptance" | "answer" };

/** Changes how long an accepted task takes and how it ends. All that were chosen apply, one after the other. */
export type TaskFault = Row<"task"> & { change: (plan: TaskPlan, given: Given) => TaskPlan };

/** Replaces one answer of `statusTask`; with `during` it strikes, and counts, only then. */
export type StatusFault = Row<"status"> & {
  during?: "running" | "ended";
  answer: (data: StatusData, given: Given) => Answer;
};

/** Makes one answer of `statusTask` slow. */
export type StatusDelayFault = Row<"status-delay">;

/** Gives `resultJson` another form; undefined leaves the field out. */
export type ResultFault = Row<"result"> & { resultJson: (url: string, given: Given) => unknown };

/** Changes one download. */
export type FileFault = Row<"file"> & { change: (plan: FilePlan, given: Given) => FilePlan };

/** Changes which callbacks are sent, and when. All that were chosen apply, one after the other. */
export type CallbackFault = Row<"callback"> & {
  plan: (deliveries: readonly Delivery[], given: Given) => readonly Delivery[];
};

/** Gives an envelope another form. */
export type EnvelopeFault = Row<"envelope"> & { shape: (envelope: EnvelopeAnswer) => Answer };

/** Replaces one answer of `current-balance`. */
export type BalanceFault = Row<"balance"> & { answer: (balanceUsd: number, given: Given) => Answer };
