import { refusal, success } from "../answer.ts";
import type { Meeting } from "../faults/fault-draw.ts";
import { parseMarkers } from "../faults/fault-spec.ts";
import type { Parts } from "../parts.ts";
import type { Settings } from "../settings.ts";
import { reportOf } from "../task-report.ts";
import type { Task } from "../task.ts";
import { honest, MODEL, throttled, type Answered, type Call } from "./call.ts";

/** `GET statusTask`. A task is shown to the key that ordered it only. */
export async function status(
  parts: Parts,
  { label, settings, model, query }: Call,
): Promise<Answered | null> {
  const taskId = query["taskId"] ?? "";
  if (!parts.limits.admitStatus(label, settings))
    return honest(throttled(settings, parts.desk.speed()), taskId);
  if (model !== MODEL) return honest(refusal(404, `Unknown model: ${model}`), taskId);
  if (taskId === "") return honest(refusal(400, "Missing required parameter: taskId"), taskId);
  const task = parts.tasks.find(taskId);
  if (task === undefined || task.keyLabel !== label || isForgotten(parts, task, settings))
    return honest(refusal(404, "Task not found"), taskId);

  const markers = parseMarkers(task.request.prompt);
  const meeting: Meeting = {
    markers: typeof markers === "string" ? [] : markers,
    probabilities: settings.faults,
    scope: taskId,
    lot: `task ${task.ordinal}`,
  };
  const [delay] = parts.draw.strike("status-delay", meeting);
  const isRunning = task.completeTime === null;
  const [fault] = parts.draw.strike(
    "status",
    meeting,
    ({ during }) => during === undefined || (during === "running") === isRunning,
  );
  const faults = [delay, fault].flatMap((struck) => struck?.specification ?? []);
  if (delay !== undefined && !(await parts.timers.wait(delay.given.number))) {
    return null;
  }

  const data = reportOf(task, parts.now(), settings.clockSkewMs, () => {
    const url = parts.resultUrls.current(task, settings);
    const [odd] = parts.draw.strike("result", meeting);
    if (odd !== undefined) faults.push(odd.specification);
    return odd === undefined ? JSON.stringify({ resultUrls: [url] }) : odd.fault.resultJson(url, odd.given);
  });
  const answer = fault === undefined ? success(data) : fault.fault.answer(data, fault.given);
  return { answer, taskId, faults, meeting };
}

function isForgotten({ timers, now }: Parts, { completeTime }: Task, { taskLifeMs }: Settings): boolean {
  return completeTime !== null && taskLifeMs !== null && now() >= completeTime + timers.scaled(taskLifeMs);
}
