import type { RunningSystem } from "./running-system.ts";

/** Ends a running task of the sandbox with success, now. */
export async function endTask({ sandbox }: RunningSystem, taskId: string | null): Promise<void> {
  const path = `/sandbox/tasks/${encodeURIComponent(taskId ?? "")}/end`;
  const answer = await fetch(`${sandbox.origin}${path}`, { method: "POST" });
  if (answer.status !== 200) throw new Error(`task ${taskId} was not ended: ${await answer.text()}`);
}
