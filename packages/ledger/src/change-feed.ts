import type { Redis } from "ioredis";

export type ChangeFeed = {
  /**
   * Calls back whenever this video's record may have changed, until the returned function is called. A hint, which can be
   * lost with the connection: what happened stands in the record's events.
   */
  watch(videoId: string, onChange: () => void): () => void;
};

/**
 * Hears what every script announces of the records it has changed, on one connection for all who watch. While nobody does
 * it is not subscribed, so that a process without watchers is told nothing.
 *
 * @param subscriber a connection of its own, which waits while Redis is away; the caller closes it
 */
export function createChangeFeed(
  subscriber: Redis,
  prefix: string,
  onProblem: (error: unknown) => void,
): ChangeFeed {
  const channel = `${prefix}:changes`;
  const watchers = new Map<string, Set<() => void>>();
  let isWanted = false;

  subscriber.on("message", (from: string, news: string) => {
    if (from !== channel) return;
    // A line per change: id, rev, phase.
    for (const line of news.split("\n")) tell(line.slice(0, line.indexOf(" ")));
  });
  // ioredis has subscribed again by then, and nobody knows what was announced meanwhile.
  subscriber.on("ready", tellAll);

  function tell(videoId: string): void {
    for (const onChange of watchers.get(videoId) ?? []) onChange();
  }

  function tellAll(): void {
    for (const videoId of watchers.keys()) tell(videoId);
  }

  /** Who has read a record before the subscription stood may have missed a change: they are told when it does. */
  async function listen(): Promise<void> {
    const isNow = watchers.size > 0;
    if (isNow === isWanted) return;
    isWanted = isNow;
    try {
      if (isNow) {
        await subscriber.subscribe(channel);
        tellAll();
      } else await subscriber.unsubscribe(channel);
    } catch (error) {
      isWanted = !isNow;
      onProblem(error);
    }
  }

  return {
    watch(videoId, onChange) {
      const ofVideo = watchers.get(videoId) ?? new Set();
      watchers.set(videoId, ofVideo);
      // An object of its own: the same function may watch twice.
      const watcher = (): void => onChange();
      ofVideo.add(watcher);
      void listen();
      return () => {
        ofVideo.delete(watcher);
        if (ofVideo.size === 0 && watchers.get(videoId) === ofVideo) watchers.delete(videoId);
        void listen();
      };
    },
  };
}
