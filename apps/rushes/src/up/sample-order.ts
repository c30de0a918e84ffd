import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { isFinal, PHASES } from "@rushes/pipeline";
import { z } from "zod";
import type { MemoryFile } from "./memory.ts";

/** What is read of a video; the API answers more. */
const videoSchema = z.object({
  id: z.string(),
  phase: z.enum(PHASES),
  late: z.boolean().default(false),
  output: z
    .array(z.object({ bucket: z.string(), key: z.string(), url: z.string(), bytes: z.number() }))
    .default([]),
  error: z.object({ code: z.string(), message: z.string() }).nullish(),
});

export type Video = z.output<typeof videoSchema>;

/** What every start orders: the cheapest input that needs no image of anybody's. */
const SAMPLE = {
  input: {
    mode: "master-text-to-video",
    prompt: "A clapperboard closes in front of a quiet harbour at first light",
    duration: 5,
    aspect_ratio: "16:9",
  },
};

const LOOK_EVERY_MS = 250;
/** A request that hangs is asked again. */
const REQUEST_TIMEOUT_MS = 10_000;
/** For 503 and the like while Redis or the API come back. */
const ATTEMPTS = 20;

export type Api = {
  url: string;
  /** Unset while the API lets everyone in. */
  key: string | undefined;
};

/** The API has refused something that it should not have. */
export class ApiRefused extends Error {
  override readonly name = "ApiRefused";
}

/**
 * Orders the sample, or finds the one that the last start ordered and did not see finished. The key is written down
 * before the order is sent, so that whatever happens it is ordered once.
 *
 * @throws ApiRefused
 */
export async function orderSample(
  api: Api,
  memory: MemoryFile,
  signal: AbortSignal,
): Promise<{ video: Video; isResumed: boolean }> {
  const known = memory.get().sample;
  if (known?.id !== undefined) {
    const video = await fetchVideo(api, known.id, signal);
    if (video !== undefined && !isFinal(video.phase)) return { video, isResumed: true };
  }
  const isUnsure = known !== undefined && known.id === undefined;
  const idempotencyKey = isUnsure ? known.idempotencyKey : `rushes-up-${randomUUID()}`;
  memory.set({ sample: { idempotencyKey } });
  const response = await request(api, "/v1/videos", {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": idempotencyKey },
    body: JSON.stringify(SAMPLE),
    signal,
  });
  const video = await readVideo(response);
  memory.set({ sample: { idempotencyKey, id: video.id } });
  return { video, isResumed: isUnsure };
}

/** Looks at a video until it has ended; every look is shown. */
export async function followVideo(
  api: Api,
  first: Video,
  options: { signal: AbortSignal; show: (video: Video) => void },
): Promise<Video> {
  let video: Video | undefined = first;
  while (video !== undefined) {
    options.show(video);
    if (isFinal(video.phase)) return video;
    await pause(LOOK_EVERY_MS, undefined, { signal: options.signal });
    video = await fetchVideo(api, first.id, options.signal);
  }
  throw new ApiRefused(`The API does not know ${first.id} any more.`);
}

/** Undefined when there is no such video. */
async function fetchVideo(api: Api, id: string, signal: AbortSignal): Promise<Video | undefined> {
  const response = await request(api, `/v1/videos/${id}`, { signal });
  return response.status === 404 ? undefined : readVideo(response);
}

async function readVideo(response: Response): Promise<Video> {
  const text = await response.text();
  if (!response.ok) throw new ApiRefused(`The API answers ${response.status}: ${text.slice(0, 500)}`);
  return videoSchema.parse(JSON.parse(text));
}

/** Asks again while nobody answers or the answer is a 5xx: every request here may be repeated. */
async function request(
  api: Api,
  path: string,
  init: RequestInit & { signal: AbortSignal },
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (api.key !== undefined) headers.set("authorization", `Bearer ${api.key}`);
  for (let attempt = 1; ; attempt += 1) {
    const limit = AbortSignal.any([init.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
    try {
      const response = await fetch(`${api.url}${path}`, { ...init, headers, signal: limit });
      if (response.status < 500 || attempt === ATTEMPTS) return response;
    } catch (error) {
      init.signal.throwIfAborted();
      if (attempt === ATTEMPTS) throw new ApiRefused("The API does not answer.", { cause: error });
    }
    await pause(LOOK_EVERY_MS, undefined, { signal: init.signal });
  }
}
