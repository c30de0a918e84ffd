import type { Settings } from "./settings.ts";
import type { Task } from "./task.ts";

/** Which URLs were handed out for a task's file, and until when each works. */
export type ResultUrls = {
  /** The URL to hand out now: the last one while it works, then, with `freshUrls`, a new one. */
  current(task: Task, settings: Settings): string;
  /** Whether the URL with this number still works. */
  isAlive(task: Task, number: number, settings: Settings): boolean;
  reset(): void;
};

type Given = {
  /** Provider time in wall-clock time. */
  scaled: (ms: number) => number;
  now: () => number;
  /** The file host's origin for a client that called the sandbox by `host`. */
  fileOrigin: (host: string) => string;
};

export function createResultUrls({ scaled, now, fileOrigin }: Given): ResultUrls {
  /** When each URL of a task was handed out, by number. The first counts from the task's end. */
  const issued = new Map<string, number[]>();

  function issuedOf(task: Task): number[] {
    const known = issued.get(task.taskId) ?? [task.completeTime ?? now()];
    issued.set(task.taskId, known);
    return known;
  }

  function isAlive(task: Task, number: number, settings: Settings): boolean {
    const since = issuedOf(task)[number];
    return since !== undefined && now() < since + scaled(settings.resultLifeMs);
  }

  return {
    current(task, settings) {
      const times = issuedOf(task);
      if (settings.freshUrls && !isAlive(task, times.length - 1, settings)) times.push(now());
      return `${fileOrigin(task.fileHost)}/files/${encodeURIComponent(task.taskId)}-${times.length - 1}.mp4`;
    },
    isAlive,
    reset: () => issued.clear(),
  };
}

const PATH = /^\/files\/([^/]+)-(\d+)(?:\.(\d+))?\.mp4$/;

/** The parts of a path that `current` gave out; `part` tells the files of a task with several apart. */
export function parseResultPath(path: string): { taskId: string; number: number; part: string } | undefined {
  const [, taskId, number, part = "0"] = PATH.exec(path) ?? [];
  if (taskId === undefined) return undefined;
  try {
    return { taskId: decodeURIComponent(taskId), number: Number(number), part };
  } catch {
    // Percent signs that stand for nothing: nobody was given this path.
    return undefined;
  }
}
