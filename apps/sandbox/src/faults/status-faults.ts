import { gatewayPage, refusal, success } from "../answer.ts";
import type { StatusDelayFault, StatusFault } from "./fault.ts";

const json = "application/json; charset=utf-8";

export const STATUS_FAULTS: readonly StatusFault[] = [
  {
    at: "status",
    name: "status:null",
    does: "`data` is null.",
    answer: () => success(null),
  },
  {
    at: "status",
    name: "status:no-data",
    does: "A successful envelope without `data`.",
    answer: () => success(undefined),
  },
  {
    at: "status",
    name: "status:not-found",
    does: "404, as if the task were unknown.",
    answer: () => refusal(404, "Task not found"),
  },
  {
    at: "status",
    name: "status:error",
    does: "An error in the provider's envelope.",
    argument: { name: "status", default: 500 },
    answer: (_data, { number }) => refusal(number),
  },
  {
    at: "status",
    name: "status:page",
    does: "An HTML page of a gateway.",
    argument: { name: "status", default: 502 },
    answer: (_data, { number }) => gatewayPage(number),
  },
  {
    at: "status",
    name: "status:empty",
    does: "A 200 with an empty body.",
    answer: () => ({ kind: "body", status: 200, contentType: json, body: "" }),
  },
  {
    at: "status",
    name: "status:garbage",
    does: "A 200 whose JSON breaks off.",
    answer: (data) => ({
      kind: "body",
      status: 200,
      contentType: json,
      body: JSON.stringify({ code: 200, message: "success", data }).slice(0, 40),
    }),
  },
  {
    at: "status",
    name: "status:cut",
    does: "The connection drops in the middle of the answer.",
    answer: (data) => ({
      kind: "cut",
      status: 200,
      contentType: json,
      body: JSON.stringify({ code: 200, message: "success", data }),
    }),
  },
  { at: "status", name: "status:reset", does: "The connection is reset.", answer: () => ({ kind: "reset" }) },
  { at: "status", name: "status:hang", does: "No answer ever comes.", answer: () => ({ kind: "hang" }) },
  {
    at: "status",
    name: "status:state",
    does: "While the task runs, `state` is this undocumented word.",
    argument: { name: "state", default: "waiting" },
    during: "running",
    answer: (data, { text }) => success({ ...data, state: text }),
  },
  {
    at: "status",
    name: "status:short-fail",
    does: "A failed task's `state` is spelled `fail`.",
    during: "ended",
    answer: (data) => success(data.state === "failed" ? { ...data, state: "fail" } : data),
  },
  {
    at: "status",
    name: "status:stale",
    does: "The task still seems to be processing after it has ended.",
    during: "ended",
    answer: ({ taskId, createTime }) => success({ taskId, state: "processing", createTime }),
  },
  {
    at: "status",
    name: "status:no-times",
    does: "`completeTime` and `costTime` are missing.",
    during: "ended",
    answer: ({ completeTime: _completeTime, costTime: _costTime, ...data }) => success(data),
  },
  {
    at: "status",
    name: "status:whole-seconds",
    does: "The times are rounded down to whole seconds, still in milliseconds.",
    answer: (data) => success(wholeSeconds(data)),
  },
  {
    at: "status",
    name: "status:other-task",
    does: "The answer carries another task's id.",
    answer: (data) => success({ ...data, taskId: `${data.taskId}x` }),
  },
];

export const STATUS_DELAY_FAULTS: readonly StatusDelayFault[] = [
  {
    at: "status-delay",
    name: "status:slow",
    does: "Answered only after this time.",
    argument: { name: "delayMs", default: 20_000 },
  },
];

function wholeSeconds<T extends object>(data: T): T {
  const rounded = Object.entries(data).map(([name, value]) => [
    name,
    typeof value === "number" ? Math.floor(value / 1000) * 1000 : value,
  ]);
  return Object.fromEntries(rounded) as T;
}
