import type { Task } from "./task.ts";
import type { StateFile } from "./state-file.ts";

/** The tasks by id. Who keeps count of them (bill, limits, callbacks) is told of each beginning and end. */
export type TaskBook = {
  /** Writes the task down first, then tells the others. */
  accept(task: Task): void;
  /** Ends a task that runs; one that has ended stays as it is, and the answer is false. */
  end(task: Task, time: number): boolean;
  find(taskId: string): Task | undefined;
  /** In the order of acceptance. */
  all(): IterableIterator<Task>;
  reset(): void;
};

export type TaskWatcher = { taskAccepted?: (task: Task) => void; taskEnded?: (task: Task) => void };

export function createTaskBook(file: StateFile, watchers: readonly TaskWatcher[]): TaskBook {
  const tasks = new Map<string, Task>();

  function began(task: Task): void {
    tasks.set(task.taskId, task);
    for (const watcher of watchers) watcher.taskAccepted?.(task);
  }

  function ended(task: Task): void {
    for (const watcher of watchers) watcher.taskEnded?.(task);
  }

  for (const task of file.load()) {
    began(task);
    if (task.completeTime !== null) ended(task);
  }

  return {
    accept(task) {
      file.write(task);
      began(task);
    },
    end(task, time) {
      if (task.completeTime !== null) return false;
      task.completeTime = time;
      file.write(task);
      ended(task);
      return true;
    },
    find: (taskId) => tasks.get(taskId),
    all: () => tasks.values(),
    reset() {
      tasks.clear();
      file.clear();
    },
  };
}
