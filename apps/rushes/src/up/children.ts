import { join } from "node:path";
import type { Environment, End, Part } from "@rushes/lifecycle";
import { startChild, type Child } from "./child.ts";
import { lastWords } from "./readiness.ts";
import type { PartName } from "./part-environment.ts";

/** After a part's own drain it is given this long to come to its end, then it is killed. */
const GRACE_AFTER_DRAIN_MS = 3_000;

export type Children = {
  start(name: PartName, environment: Environment): Child;
  /** Adds a child that was started elsewhere. */
  watch(child: Child): Child;
};

/** Whoever kills the worker again and again wants something else than to see its orders go on. */
const MOST_RESTARTS = 20;

/**
 * Starts the apps from their sources, collects them in `parts`, and ends everything when one of them ends by itself:
 * a pipeline without its Redis or its API only looks as if it were running. A worker that somebody has killed is started
 * again, as an orchestrator would: its orders go on.
 */
export function createChildren(options: {
  parts: Part[];
  appsFolder: string;
  root: string;
  logFolder: string;
  stopping: AbortSignal;
  end: End;
  say: (line: string) => void;
}): Children {
  const { parts, appsFolder, root, logFolder, stopping, end, say } = options;

  function watch(child: Child): Child {
    parts.push(child);
    void endWith(child);
    return child;
  }

  async function endWith(child: Child): Promise<void> {
    const how = await child.ended;
    if (stopping.aborted) return;
    say(`${child.name} has ended by itself (${how}). ${lastWords(child)}`);
    end(`${child.name} has ended`, 1);
  }

  function startApp(name: PartName, environment: Environment): Child {
    const program = join(appsFolder, name, "src/main.ts");
    const graceMs = Number(environment["DRAIN_MS"] ?? 0) + GRACE_AFTER_DRAIN_MS;
    return startChild({ name, program, environment, root, logFolder, graceMs });
  }

  async function keepUp(child: Child, environment: Environment): Promise<void> {
    let current = child;
    for (let restarts = 0; restarts < MOST_RESTARTS; restarts += 1) {
      const how = await current.ended;
      if (stopping.aborted) return;
      if (!how.startsWith("signal")) break;
      say(`The worker was killed (${how}). It is started again, and its orders go on.`);
      current = startApp("worker", environment);
      parts.push(current);
    }
    await endWith(current);
  }

  return {
    watch,
    start(name, environment) {
      const child = startApp(name, environment);
      if (name !== "worker") return watch(child);
      parts.push(child);
      void keepUp(child, environment);
      return child;
    },
  };
}
