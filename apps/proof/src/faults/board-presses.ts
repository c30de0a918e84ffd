import { STAGES } from "@rushes/pipeline";
import type { BoardSession } from "../system/board-session.ts";

/** What a person can press about a whole queue: everything, for none of it may ever pay or lose anything. */
const QUEUE_BUTTONS: readonly { path: string; json?: object }[] = [
  { path: "retry/failed" },
  { path: "retry/completed" },
  { path: "promote" },
  { path: "clean/completed" },
  { path: "clean/failed" },
  { path: "clean/delayed" },
  { path: "clean/wait" },
  { path: "empty" },
  { path: "obliterate", json: { force: true } },
];
const JOB_BUTTONS = ["retry", "promote", "clean"];

type ShownQueue = { name: string; jobs: { id: string }[] };

/** Presses one button, chosen by `pick`, over the board's own HTTP. Says which, and what was answered. */
export async function pressBoard(
  board: BoardSession,
  pick: number,
): Promise<{ target: string; note: string }> {
  const stages = STAGES.filter((stage) => stage !== "notify");
  const buttons = stages.flatMap((stage) => [
    ...QUEUE_BUTTONS.map(({ path, json }) => ({ stage, path, json, isJob: false })),
    ...JOB_BUTTONS.map((path) => ({ stage, path, json: undefined, isJob: true })),
  ]);
  const button = buttons[Math.floor(pick * buttons.length)];
  if (!button) throw new Error("a pick is below 1");
  const { stage, path, json, isJob } = button;
  if (!isJob) {
    return { target: `${stage}/${path}`, note: String(await board.press(`/${stage}/${path}`, json)) };
  }
  const status = path === "promote" ? "delayed" : "failed";
  const shown = (await board.look(`?activeQueue=${stage}&status=${status}`)) as {
    queues?: ShownQueue[];
  } | null;
  const jobs = shown?.queues?.find(({ name }) => name === stage)?.jobs ?? [];
  const job = jobs[Math.floor(((pick * 997) % 1) * jobs.length)];
  if (!job) return { target: `${stage}/<job>/${path}`, note: "no such job" };
  const answer = await board.press(`/${stage}/${encodeURIComponent(job.id)}/${path}`);
  return { target: `${stage}/${job.id}/${path}`, note: String(answer) };
}

/** A press that Redis did not survive can leave a queue paused, as it would for a person, who then resumes it. */
export async function resumeQueues(board: BoardSession): Promise<void> {
  for (const stage of STAGES) await board.press(`/${stage}/resume`);
}
