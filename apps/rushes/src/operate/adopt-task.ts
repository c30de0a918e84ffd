import { setTimeout as pause } from "node:timers/promises";
import type { ApiVideo } from "./api-video.ts";
import type { OperateOptions } from "./operate-options.ts";
import { printable } from "./video-lines.ts";

/** For the poll stage to ask the provider about an adoption; after that a person looks again later. */
const VERIFY_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 250;

/** Names the task, and waits for a while for what the provider says of it. */
export async function adoptTask({ api, say }: OperateOptions, id: string, taskId: string): Promise<number> {
  let video = await api.adopt(id, taskId);
  say(`Noted. The provider is asked whether it knows the task ${printable(taskId)}.`);
  const deadline = performance.now() + VERIFY_WITHIN_MS;
  while (isAsked(video, taskId) && performance.now() < deadline) {
    await pause(LOOK_EVERY_MS);
    video = await api.fetchVideo(id);
  }
  if (isAsked(video, taskId)) {
    say(`It was not answered yet. Look again with: rushes status ${id}`);
    return 0;
  }
  if (video.provider.task_id === taskId) {
    say(`Adopted. ${id} is ${video.phase}.`);
    return 0;
  }
  say(`${video.adoption?.message ?? "The task was not adopted."} ${id} is ${video.phase}.`);
  return 1;
}

function isAsked({ adoption }: ApiVideo, taskId: string): boolean {
  return adoption?.task_id === taskId && adoption.state === "asked";
}
