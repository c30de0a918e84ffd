import { randomBytes } from "node:crypto";
import type { Ordinals } from "./parts.ts";

export function createOrdinals(): Ordinals {
  let submits = 0;
  let tasks = 0;
  let run = newRun();
  return {
    nextSubmit: () => (submits += 1),
    nextTask() {
      tasks += 1;
      return { ordinal: tasks, taskId: `task_${run}${tasks.toString(36).padStart(5, "0")}` };
    },
    reset() {
      submits = tasks = 0;
      run = newRun();
    },
  };
}

/** Not from the seed: two runs with one seed must not give two tasks the same id, for a client may know both. */
function newRun(): string {
  return randomBytes(4).toString("hex");
}
