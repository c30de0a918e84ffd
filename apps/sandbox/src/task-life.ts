import type { Delivery } from "./delivery.ts";
import type { Meeting } from "./faults/fault-draw.ts";
import { failMessage } from "./faults/fail-codes.ts";
import type { Parts } from "./parts.ts";
import { PRICE_LIST_MICROS } from "./price-list.ts";
import { HONEST_DELIVERY } from "./delivery.ts";
import { isPrivateHost } from "./private-host.ts";
import { between } from "./seeded-random.ts";
import type { Settings } from "./settings.ts";
import type { SubmitRequest } from "./submit-request.ts";
import type { Task, TaskPlan } from "./task.ts";

/** Decides a task's whole life, without beginning it. */
export function planTask(
  parts: Parts,
  order: {
    label: string;
    settings: Settings;
    request: SubmitRequest;
    meeting: Omit<Meeting, "lot">;
    fileHost: string;
    submitFault: string | null;
  },
): Task {
  const { label, settings, request, fileHost, submitFault } = order;
  const { ordinal, taskId } = parts.ordinals.nextTask();
  const lot = `task ${ordinal}`;
  const meeting: Meeting = { ...order.meeting, lot };

  let plan: TaskPlan = { lastsMs: "usual", end: endOf(request, settings), taskId };
  for (const { fault, given } of parts.draw.strike("task", meeting)) plan = fault.change(plan, given);

  let deliveries: readonly Delivery[] = request.callbackUrl === null ? [] : [HONEST_DELIVERY];
  for (const { fault, given } of parts.draw.strike("callback", meeting)) {
    if (request.callbackUrl !== null) deliveries = fault.plan(deliveries, given);
  }
  const endsEarly = deliveries.some(({ when, body }) => when === "before-answer" && body === "report");

  const createTime = parts.now();
  const range = usualRange(plan, request, settings);
  const usual = between(range, parts.random.draw("duration", lot));
  const lastsMs = endsEarly ? 0 : plan.lastsMs === "usual" ? usual : plan.lastsMs;
  const pendingMs = between(settings.pendingMs, parts.random.draw("pending", lot));
  const at = (delayMs: number) => Math.round(createTime + parts.timers.scaled(delayMs));
  return {
    taskId: plan.taskId,
    ordinal,
    keyLabel: label,
    request,
    priceMicros: PRICE_LIST_MICROS[request.mode][request.duration],
    payment: { chargeAt: settings.chargeAt, refundFailed: settings.refundFailed },
    fileHost,
    createTime,
    processingTime: at(lastsMs === null ? pendingMs : Math.min(pendingMs, lastsMs)),
    dueTime: lastsMs === null ? null : at(lastsMs),
    end: plan.end,
    completeTime: null,
    deliveries,
    submitFault,
  };
}

/** Begins a task that was just accepted: sets its timers. */
export function beginTask(parts: Parts, task: Task): void {
  if (task.deliveries.some(({ when }) => when === "processing")) {
    runAt(parts, task.processingTime, () => void sendCallbacks(parts, task, "processing"));
  }
  resumeTask(parts, task);
}

/** After a restart: ends the task when it is due, at once if that is past. What was sent early is not sent again. */
export function resumeTask(parts: Parts, task: Task): void {
  if (task.completeTime !== null || task.dueTime === null) return;
  runAt(parts, task.dueTime, () => endTask(parts, task));
}

function runAt({ timers, desk, now }: Parts, time: number, run: () => void): void {
  timers.after(Math.max(0, time - now()) * desk.speed(), run);
}

/** Ends a task now, as planned or as `end` says; false if it had ended before. */
export function endTask(parts: Parts, task: Task, end = task.end): boolean {
  if (task.completeTime !== null) return false;
  task.end = end;
  parts.tasks.end(task, parts.now());
  void sendCallbacks(parts, task, "end");
  return true;
}

/** Sends what is planned for this moment; resolves after each was delivered once. */
export async function sendCallbacks(parts: Parts, task: Task, when: Delivery["when"]): Promise<void> {
  const settings = parts.desk.of(task.keyLabel);
  const due = task.deliveries.filter((delivery) => delivery.when === when);
  await Promise.all(due.map((delivery) => parts.callbacks.send(task, delivery, settings)));
}

function endOf(request: SubmitRequest, { checkImages }: Settings): Task["end"] {
  const isUnreachable = request.imageUrls.some((url) => isPrivateHost(new URL(url).hostname));
  if (!checkImages || !isUnreachable) return { state: "success" };
  return { state: "failed", failCode: "ImageNotAccess", failMsg: failMessage("ImageNotAccess") };
}

function usualRange(
  plan: TaskPlan,
  { duration }: SubmitRequest,
  settings: Settings,
): readonly [number, number] {
  if (plan.end.state === "failed") return settings.failureMs;
  return duration === 5 ? settings.fiveSecondMs : settings.tenSecondMs;
}
