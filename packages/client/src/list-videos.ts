import type { HttpCalls } from "./http-calls.ts";
import type { Phase, Status, Video } from "./video.ts";

export type ListOptions = {
  status?: Status | undefined;
  phase?: Phase | undefined;
  /** Begins after this video, which is an id; the newest unless given. */
  after?: string | undefined;
  /** How many are asked for at once, at most 100. */
  pageSize?: number | undefined;
  signal?: AbortSignal | undefined;
};

/** Every video, newest first; the next page is asked for when the one before was read. */
export async function* listVideos(
  calls: Pick<HttpCalls, "ask">,
  { status, phase, after, pageSize = 100, signal }: ListOptions,
): AsyncGenerator<Video, void, undefined> {
  let cursor = after;
  for (;;) {
    const given = { status, phase, limit: String(pageSize), after: cursor };
    const query = new URLSearchParams(
      Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== undefined),
    );
    const page = await calls.ask<{ data: Video[]; last_id: string | null; has_more: boolean }>({
      path: `/v1/videos?${query.toString()}`,
      isRepeatable: true,
      signal,
    });
    yield* page.data;
    if (!page.has_more || page.last_id === null) return;
    cursor = page.last_id;
  }
}
