import type { Readable } from "node:stream";
import type { ChangeFeed, Ledger } from "@rushes/ledger";
import { createEventStream, type EventStream } from "./event-stream.ts";
import { HttpProblem } from "./http-problem.ts";

/** Proxies close what is silent for a minute, some for half of that. Also how soon a lost hint is made up for. */
const BEAT_EVERY_MS = 15_000;
/** A stream holds a connection and some 20 kB. */
const MOST_STREAMS = 2_000;
/** One caller must not take them all. */
const MOST_STREAMS_EACH = 500;
const COME_BACK_S = "10";

export type EventStreams = {
  /**
   * The video's events after `afterRev` as server-sent events, those to come included, up to the one that ends it.
   *
   * @param caller whose share of the streams this one takes
   * @returns null when there is nothing more to tell, for the video has ended
   * @throws HttpProblem `too_many_streams`; or when Redis does not answer
   */
  open(videoId: string, afterRev: number, caller: string): Promise<Readable | null>;
  /** Ends every stream; whoever opens one from now on gets what is there by now, and its end. */
  end(): void;
};

export type EventStreamsOptions = {
  ledger: Pick<Ledger, "readEventsFrom">;
  feed: ChangeFeed;
  /** The defaults are those of this file's head. */
  beatEveryMs?: number;
  most?: number;
  mostEach?: number;
};

/**
 * Server-sent events for many clients of one process: one subscription, one timer, and per client one cheap read when
 * something happened. The feed only says when to look; what is sent stands in the record's own list of events.
 */
export function createEventStreams(options: EventStreamsOptions): EventStreams {
  const { ledger, feed, beatEveryMs = BEAT_EVERY_MS } = options;
  const { most = MOST_STREAMS, mostEach = MOST_STREAMS_EACH } = options;
  const streams = new Map<EventStream, string>();
  let hasEnded = false;
  let beating: NodeJS.Timeout | undefined;

  function refuseTooMany(caller: string): void {
    const own = [...streams.values()].filter((name) => name === caller).length;
    if (streams.size < most && own < mostEach) return;
    throw new HttpProblem("too_many_streams", { headers: { "retry-after": COME_BACK_S } });
  }

  /** A look that fails is made up for by the next beat's. */
  function lookAt(stream: EventStream): void {
    stream.look().catch(() => {});
  }

  function keep(stream: EventStream, videoId: string, caller: string): void {
    const stopWatching = feed.watch(videoId, () => lookAt(stream));
    streams.set(stream, caller);
    beating ??= setInterval(() => {
      for (const one of streams.keys()) {
        one.beat();
        lookAt(one);
      }
    }, beatEveryMs);
    stream.readable.once("close", () => {
      stopWatching();
      streams.delete(stream);
      if (streams.size > 0) return;
      clearInterval(beating);
      beating = undefined;
    });
  }

  return {
    async open(videoId, afterRev, caller) {
      refuseTooMany(caller);
      const stream = createEventStream(
        videoId,
        (skipped) => ledger.readEventsFrom(videoId, skipped),
        afterRev,
      );
      // Watched before it is read, so that nothing happens unseen in between.
      keep(stream, videoId, caller);
      try {
        await stream.look();
      } catch (error) {
        stream.readable.destroy();
        throw error;
      }
      if (stream.hasNothingToTell()) {
        stream.readable.destroy();
        return null;
      }
      if (hasEnded) stream.end();
      return stream.readable;
    },

    end() {
      hasEnded = true;
      for (const stream of streams.keys()) stream.end();
    },
  };
}
