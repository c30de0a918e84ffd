import { stateOf, type StatusData, type Task } from "./task.ts";

/**
 * What the provider honestly says of a task. `resultJson` is the text that goes out once the task has succeeded; its
 * times run on the provider's clock, which may be off.
 */
export function reportOf(task: Task, now: number, skewMs: number, resultJson: () => unknown): StatusData {
  const state = stateOf(task, now);
  const createTime = task.createTime + skewMs;
  const running = { taskId: task.taskId, state, createTime };
  if (task.completeTime === null) return running;
  const times = { completeTime: task.completeTime + skewMs, costTime: task.completeTime - task.createTime };
  if (task.end.state === "failed") {
    const { failCode, failMsg } = task.end;
    return { taskId: task.taskId, state, failCode, failMsg, createTime, ...times };
  }
  return { taskId: task.taskId, state, resultJson: resultJson(), createTime, ...times };
}
