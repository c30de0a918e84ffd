import { refusal, success, type Answer } from "../answer.ts";
import { parseMarkers } from "../faults/fault-spec.ts";
import type { Meeting } from "../faults/fault-draw.ts";
import type { Parts } from "../parts.ts";
import { PRICE_LIST_MICROS } from "../price-list.ts";
import { parseSubmitRequest, type SubmitRequest } from "../submit-request.ts";
import { beginTask, endTask, planTask, sendCallbacks } from "../task-life.ts";
import { honest, MODEL, throttled, type Answered, type Call } from "./call.ts";

/**
 * `POST generateTask`. In this order: a fault that accepts nothing, rate, validation, balance, concurrency,
 * acceptance with its charge, early callbacks, the answer or what a fault makes of it.
 */
export async function submit(parts: Parts, call: Call): Promise<Answered | null> {
  const { label, settings, fileHost } = call;
  const prompt = promptOf(call.body);
  const markers = parseMarkers(prompt);
  if (typeof markers === "string") return honest(refusal(400, markers));

  const meeting: Meeting = {
    // A client that followed a redirect is not redirected again.
    markers: call.query["redirected"] === undefined ? markers : [],
    probabilities: settings.faults,
    scope: `${label} ${prompt}`,
    lot: `submit ${parts.ordinals.nextSubmit()}`,
  };
  const [delay] = parts.draw.strike("submit-delay", meeting);
  const [fault] = parts.draw.strike("submit", meeting);
  const faults = [delay, fault].flatMap((struck) => struck?.specification ?? []);
  const answered = (answer: Answer, taskId: string | null = null): Answered => ({
    answer,
    taskId,
    faults,
    meeting,
  });

  if (delay?.fault.before === "acceptance" && !(await parts.timers.wait(delay.given.number))) {
    return null;
  }
  if (fault !== undefined && !fault.fault.accepts) return answered(fault.fault.answer(fault.given, ""));

  const request = admit(parts, call);
  if ("kind" in request) return answered(request);

  const task = planTask(parts, {
    label,
    settings,
    request,
    meeting,
    fileHost,
    submitFault: fault?.specification ?? null,
  });
  parts.limits.countAccepted(label, settings);
  parts.tasks.accept(task);
  beginTask(parts, task);
  if (task.deliveries.some(({ when }) => when === "before-answer")) {
    endTask(parts, task);
    await sendCallbacks(parts, task, "before-answer");
  }
  if (delay?.fault.before === "answer" && !(await parts.timers.wait(delay.given.number))) {
    return null;
  }
  const { taskId } = task;
  return answered(
    fault === undefined ? success({ taskId }) : fault.fault.answer(fault.given, taskId),
    taskId,
  );
}

/** The request if it may become a task, else the refusal. */
function admit(parts: Parts, { label, settings, model, body }: Call): SubmitRequest | Answer {
  if (!parts.limits.admitSubmit(label, settings)) return throttled(settings, parts.desk.speed());
  if (model !== MODEL) return refusal(404, `Unknown model: ${model}`);
  const request = parseSubmitRequest(body, settings);
  if (typeof request === "string") return refusal(400, request);
  const price = PRICE_LIST_MICROS[request.mode][request.duration];
  const left = Math.round(settings.balanceUsd * 1e6) - parts.bill.spentMicros(label);
  if (left < price) return refusal(402);
  if (!parts.limits.hasPlace(label, settings)) return throttled(settings, parts.desk.speed());
  return request;
}

/** The prompt even of a body that is not valid, for its markers. */
export function promptOf(body: unknown): string {
  if (typeof body !== "object" || body === null || !("input" in body)) return "";
  const { input } = body;
  if (typeof input !== "object" || input === null || !("prompt" in input)) return "";
  return typeof input.prompt === "string" ? input.prompt : "";
}
