import { createEventParser } from "./event-text.ts";
import type { HttpCalls } from "./http-calls.ts";

/** The api speaks at once; a proxy that gathers the stream does not let it through. */
const FIRST_WORD_WITHIN_MS = 10_000;
/** Three signs of life of the api. */
const SILENCE_MS = 45_000;

export type Followed = {
  /** Whether it brought anything new: then the next stream is worth opening. */
  hasTold: boolean;
  /** The last event says that the video has ended, or there was nothing more to tell. */
  hasEnded: boolean;
  /** The newest event that was seen; the next stream begins after it. */
  lastEventId: string;
  /** When the api wants to be asked again. */
  retryMs: number | null;
};

/**
 * Reads the events of a video until the stream ends, breaks, or falls silent. Never fails, except with the reason of the
 * signal: what a stream does not tell, a look at the video does.
 *
 * @param onNews called when something has happened, once for events that come together
 */
export async function followEvents(
  calls: Pick<HttpCalls, "openStream">,
  path: string,
  lastEventId: string,
  signal: AbortSignal,
  onNews: () => Promise<void>,
): Promise<Followed> {
  const followed: Followed = { hasTold: false, hasEnded: false, lastEventId, retryMs: null };
  const silent = new AbortController();
  let watch = setTimeout(() => silent.abort(), FIRST_WORD_WITHIN_MS);
  try {
    const headers: Record<string, string> = lastEventId === "" ? {} : { "last-event-id": lastEventId };
    const response = await calls.openStream(path, headers, AbortSignal.any([signal, silent.signal]));
    if (response.status === 204) return { ...followed, hasEnded: true };
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      return followed;
    }
    const parser = createEventParser();
    const decoder = new TextDecoder();
    for await (const bytes of response.body) {
      clearTimeout(watch);
      watch = setTimeout(() => silent.abort(), SILENCE_MS);
      const events = parser.push(decoder.decode(bytes, { stream: true }));
      followed.retryMs = parser.retryMs();
      const newest = events.at(-1);
      if (newest === undefined) continue;
      followed.hasTold = true;
      followed.lastEventId = newest.id;
      followed.hasEnded = events.some(({ data }) => isEnd(data));
      if (followed.hasEnded) return followed;
      await onNews();
    }
  } catch {
    signal.throwIfAborted();
  } finally {
    clearTimeout(watch);
  }
  return followed;
}

function isEnd(data: string): boolean {
  try {
    const { status } = JSON.parse(data) as { status?: unknown };
    return status === "completed" || status === "failed" || status === "cancelled";
  } catch {
    return false;
  }
}
