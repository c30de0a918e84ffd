import { gatewayPage, refusal, success, type Answer } from "../answer.ts";
import type { Given, SubmitDelayFault, SubmitFault } from "./fault.ts";
import { failMessage } from "./fail-codes.ts";

const json = "application/json; charset=utf-8";
const acceptance = (taskId: string): string =>
  JSON.stringify({ code: 200, message: "success", data: { taskId } });

/** The same ways of going wrong exist before and after acceptance; only what they leave behind differs. */
const answersGoneWrong: readonly {
  name: string;
  does: string;
  argument?: { name: string; default: number };
  answer: (given: Given) => Answer;
}[] = [
  {
    name: "error",
    does: "an error in the provider's envelope",
    argument: { name: "status", default: 500 },
    answer: ({ number }) => refusal(number),
  },
  {
    name: "page",
    does: "an HTML page of a gateway",
    argument: { name: "status", default: 502 },
    answer: ({ number }) => gatewayPage(number),
  },
  { name: "reset", does: "the connection is reset", answer: () => ({ kind: "reset" }) },
  { name: "hang", does: "no answer ever comes", answer: () => ({ kind: "hang" }) },
  {
    name: "redirect",
    does: "a redirect to the same address, which posts again if followed",
    argument: { name: "status", default: 307 },
    answer: ({ number }) => ({
      kind: "body",
      status: number,
      contentType: "text/plain",
      body: "",
      headers: { location: "?redirected=1" },
    }),
  },
  {
    name: "empty",
    does: "a 200 with an empty body",
    answer: () => ({ kind: "body", status: 200, contentType: json, body: "" }),
  },
  {
    name: "no-task-id",
    does: "a successful envelope without a taskId",
    answer: () => success({}),
  },
];

const beforeAcceptance = answersGoneWrong.map((row): SubmitFault => ({
  ...row,
  at: "submit",
  name: `submit:${row.name}`,
  does: `Nothing is accepted: ${row.does}.`,
  accepts: false,
}));

const afterAcceptance = answersGoneWrong.map((row): SubmitFault => ({
  ...row,
  at: "submit",
  name: `submit:${row.name}-after-accept`,
  does: `The task is accepted and charged, then: ${row.does}.`,
  accepts: true,
}));

export const SUBMIT_FAULTS: readonly SubmitFault[] = [
  ...beforeAcceptance,
  {
    at: "submit",
    name: "submit:fail-code",
    does: "Nothing is accepted: a 400 envelope that carries a failCode in its data.",
    argument: { name: "code", default: "SensitiveContent" },
    accepts: false,
    answer: ({ text }) => ({
      ...refusal(400, failMessage(text)),
      data: { failCode: text, failMsg: failMessage(text) },
    }),
  },
  {
    at: "submit",
    name: "submit:forbidden-content",
    does: "Nothing is accepted: a 403 whose message and failCode speak of content policy, not of the key.",
    argument: { name: "code", default: "CONTENT_VIOLATION" },
    accepts: false,
    answer: ({ text }) => ({
      ...refusal(403, "Content policy violation, please adjust the prompt"),
      data: { failCode: text, failMsg: failMessage(text) },
    }),
  },
  ...afterAcceptance,
  {
    at: "submit",
    name: "submit:garbage-after-accept",
    does: "The task is accepted and charged, then: a 200 whose JSON breaks off, so it cannot be parsed.",
    accepts: true,
    answer: (_given, taskId) => ({
      kind: "body",
      status: 200,
      contentType: json,
      body: acceptance(taskId).slice(0, 30),
    }),
  },
  {
    at: "submit",
    name: "submit:cut-after-accept",
    does: "The task is accepted and charged, then: the connection drops in the middle of the answer.",
    accepts: true,
    answer: (_given, taskId) => ({ kind: "cut", status: 200, contentType: json, body: acceptance(taskId) }),
  },
];

export const SUBMIT_DELAY_FAULTS: readonly SubmitDelayFault[] = [
  {
    at: "submit-delay",
    name: "submit:slow",
    does: "Accepted at once, answered only after this time.",
    argument: { name: "delayMs", default: 20_000 },
    before: "answer",
  },
  {
    at: "submit-delay",
    name: "submit:accept-late",
    does: "Accepted only after this time, even if the client has gone away meanwhile.",
    argument: { name: "delayMs", default: 40_000 },
    before: "acceptance",
  },
];
