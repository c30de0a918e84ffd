import type { Redis } from "ioredis";
import type { RunScript } from "./scripts.ts";

/** Somebody has stopped new submissions. */
export type SubmitPause = { by: string; sinceMs: number };

/**
 * Whether new paid work may begin, at any account. It stands in Redis beside the records and counts in the script that
 * writes intents: from the answer to `pause` on there is none, whatever becomes of queues and workers.
 */
export type SubmitSwitch = {
  /** False: it was paused already, and stays so in the name of whoever did it. */
  pause(by: string): Promise<boolean>;
  /** False: it was not paused. */
  resume(by: string): Promise<boolean>;
  /** Null: submissions go on. */
  read(): Promise<SubmitPause | null>;
};

export function createSubmitSwitch(redis: Redis, run: RunScript, prefix: string): SubmitSwitch {
  const turn = async (what: "pause" | "resume", by: string): Promise<boolean> =>
    (await run("switch-submit", `${prefix}:submit-pause`, [what, by]))[1] !== "unchanged";
  return {
    pause: (by) => turn("pause", by),
    resume: (by) => turn("resume", by),
    read: () => readSubmitPause(redis, prefix),
  };
}

export async function readSubmitPause(redis: Redis, prefix: string): Promise<SubmitPause | null> {
  const [at, by] = await redis.hmget(`${prefix}:submit-pause`, "at", "by");
  return at ? { by: by ?? "", sinceMs: Number(at) } : null;
}
