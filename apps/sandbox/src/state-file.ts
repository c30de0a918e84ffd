import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Task } from "./task.ts";

/**
 * Tasks on disk, so that a sandbox that is started again still knows what it has accepted and charged: a client that
 * resumes would otherwise ask for tasks nobody knows. One JSON line per acceptance and per end; the last one counts.
 */
export type StateFile = {
  /** Every task once, in the order of acceptance. */
  load(): Task[];
  write(task: Task): void;
  clear(): void;
  close(): void;
};

/** null keeps nothing. */
export function openStateFile(path: string | null): StateFile {
  if (path === null) return { load: () => [], write: () => {}, clear: () => {}, close: () => {} };
  mkdirSync(dirname(path), { recursive: true });
  const found = existsSync(path) ? readFileSync(path, "utf8") : "";
  const descriptor = openSync(path, "a");
  // A torn last line must not swallow the next one.
  if (found !== "" && !found.endsWith("\n")) writeSync(descriptor, "\n");
  return {
    load() {
      const tasks = new Map<string, Task>();
      for (const line of found.split("\n")) {
        const task = taskOf(line);
        if (task !== undefined) tasks.set(task.taskId, task);
      }
      return [...tasks.values()];
    },
    // Synchronous, so that an acceptance is on disk before it is answered, as with a real provider.
    write: (task) => void writeSync(descriptor, `${JSON.stringify(task)}\n`),
    clear: () => ftruncateSync(descriptor),
    close: () => closeSync(descriptor),
  };
}

/** Undefined for the torn line of a process that died while writing. */
function taskOf(line: string): Task | undefined {
  try {
    return line === "" ? undefined : (JSON.parse(line) as Task);
  } catch {
    return undefined;
  }
}
