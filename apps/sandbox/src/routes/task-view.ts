import type { Parts } from "../parts.ts";
import { videoOf } from "../result-host.ts";
import { videoSha256 } from "../sample-video.ts";
import { stateOf, type Task } from "../task.ts";

/** A task as people and tests see it. Times are Unix milliseconds. */
export type TaskView = {
  taskId: string;
  key: string;
  state: "pending" | "processing" | "success" | "failed";
  mode: string;
  duration: 5 | 10;
  prompt: string;
  callbackUrl: string | null;
  createTime: number;
  /** When it is to end; null: never by itself. */
  dueTime: number | null;
  completeTime: number | null;
  failCode: string | null;
  /** The SHA-256 of the file as the file host honestly serves it; null while there is none. */
  sha256: string | null;
};

export function taskViews(parts: Parts): TaskView[] {
  return Array.from(parts.tasks.all(), (task) => taskView(parts, task));
}

export function taskView(parts: Parts, task: Task): TaskView {
  const { taskId, keyLabel, request, createTime, dueTime, completeTime, end } = task;
  const { mode, duration, prompt, callbackUrl } = request;
  const state = stateOf(task, parts.now());
  return {
    taskId,
    key: keyLabel,
    state,
    mode,
    duration,
    prompt,
    callbackUrl,
    createTime,
    dueTime,
    completeTime,
    failCode: completeTime !== null && end.state === "failed" ? end.failCode : null,
    sha256: state === "success" ? videoSha256(videoOf(task)) : null,
  };
}
