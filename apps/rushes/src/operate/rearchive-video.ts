import { setTimeout as pause } from "node:timers/promises";
import type { ApiVideo } from "./api-video.ts";
import type { OperateOptions } from "./operate-options.ts";
import { printable } from "./video-lines.ts";

/** For the archive stage to fetch a file of the usual size; after that a person looks again later. */
const STORE_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 250;

/** Asks for the files again, and waits for a while for what comes of it. */
export async function rearchiveVideo({ api, say }: OperateOptions, id: string): Promise<number> {
  let video = await api.rearchive(id);
  say(
    "Noted. What the bucket has is compared with the record, and what it lacks is fetched from the provider.",
  );
  const deadline = performance.now() + STORE_WITHIN_MS;
  while (isAsked(video) && performance.now() < deadline) {
    await pause(LOOK_EVERY_MS);
    video = await api.fetchVideo(id);
  }
  if (isAsked(video)) {
    say(`It is not done yet. Look again with: rushes status ${id}`);
    return 0;
  }
  if (video.rearchive) {
    say(printable(`${video.rearchive.message} ${id} is ${video.phase}.`));
    return 1;
  }
  say(`Whole. ${id} is ${video.phase}.`);
  for (const { url } of video.output) say(printable(url));
  return 0;
}

function isAsked({ rearchive }: ApiVideo): boolean {
  return rearchive?.state === "asked";
}
