import { followEvents } from "./follow-events.ts";
import { pauseUnlessAborted, type HttpCalls } from "./http-calls.ts";
import { isPassing } from "./repeat-rule.ts";
import { RushesError } from "./rushes-error.ts";
import { timeIsUp } from "./time-is-up.ts";
import { hasEnded, type Video } from "./video.ts";

export type WaitOptions = {
  /** An hour unless given. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called with the video whenever something has happened to it, the last time when it has ended. */
  onUpdate?: ((video: Video) => void) | undefined;
};

const TIMEOUT_MS = 3_600_000;
/** After so many streams that told nothing there is no use in opening more. */
const MOST_MUTE_STREAMS = 2;
const FIRST_GAP_MS = 1_000;
const LARGEST_GAP_MS = 15_000;

/**
 * Waits until a video has ended, however it ended. It listens to the video's events and looks at the video itself
 * wherever they cannot be had: then at growing gaps, the smallest again after each change.
 *
 * @throws RushesError `wait_timeout`, or what the api answers to a look unless that passes
 */
export async function waitForEnd(
  calls: Pick<HttpCalls, "ask" | "openStream">,
  id: string,
  { timeoutMs = TIMEOUT_MS, signal: asked, onUpdate }: WaitOptions,
): Promise<Video> {
  const late = timeIsUp(timeoutMs);
  const signal = asked === undefined ? late : AbortSignal.any([asked, late]);
  const path = `/v1/videos/${encodeURIComponent(id)}`;
  let seen: Video | null = null;
  let shown = "";
  let gapMs = FIRST_GAP_MS;

  /** Answers whether the video has ended. What passes is left to the next look. */
  async function look(): Promise<boolean> {
    try {
      seen = await calls.ask<Video>({ path, isRepeatable: true, signal, maxAttempts: 1 });
    } catch (error) {
      if (!(error instanceof RushesError) || !isPassing(error)) throw error;
      gapMs = Math.max(gapMs, error.retryAfterMs ?? 0);
      return false;
    }
    const state = JSON.stringify(seen);
    if (state !== shown) {
      shown = state;
      onUpdate?.(seen);
    }
    return hasEnded(seen);
  }

  try {
    let lastEventId = "";
    let muteStreams = 0;
    let isOver = false;
    while (!(await look())) {
      if (!isOver && muteStreams < MOST_MUTE_STREAMS) {
        const onNews = async (): Promise<void> => {
          if (onUpdate) await look();
        };
        const followed = await followEvents(calls, `${path}/events`, lastEventId, signal, onNews);
        lastEventId = followed.lastEventId;
        muteStreams = followed.hasTold ? 0 : muteStreams + 1;
        if (followed.hasTold) gapMs = followed.retryMs ?? FIRST_GAP_MS;
        isOver = followed.hasEnded;
        if (isOver && (await look())) break;
      }
      await pauseUnlessAborted(gapMs * (0.8 + 0.2 * Math.random()), signal);
      gapMs = Math.min(LARGEST_GAP_MS, gapMs * 1.5);
    }
    return seen as unknown as Video;
  } catch (error) {
    asked?.throwIfAborted();
    if (late.aborted) throw tooLate(id, seen, timeoutMs);
    throw error;
  }
}

function tooLate(id: string, seen: Video | null, timeoutMs: number): RushesError {
  const state = seen === null ? "could not be looked at" : `is ${seen.phase}`;
  const message = `${id} ${state} after ${timeoutMs / 1000} s. It goes on by itself; wait again, or be told by a webhook.`;
  return new RushesError("wait_timeout", message);
}
