import { Readable } from "node:stream";
import { isFinal, statusOf } from "@rushes/pipeline";
import type { LedgerEvent } from "@rushes/ledger";

/** How long a client should wait before it comes back, also after a stream that we ended. */
const COME_BACK_MS = 2_000;

export type EventStream = {
  /** The text to send, as it comes; destroyed when the client goes. */
  readable: Readable;
  /**
   * Sends what is new, and ends after the event that ends the video. One look at a time: asked for during another, it
   * follows that one.
   *
   * @throws when Redis does not answer; nothing is lost, the next look finds it
   */
  look(): Promise<void>;
  /** A sign of life, so that no proxy takes the silence for an end. A client that has not read the last one is let go. */
  beat(): void;
  end(): void;
  /** The video has ended, and the client knew all of it before this stream was opened. */
  hasNothingToTell(): boolean;
};

/**
 * The events of one video for one client.
 *
 * @param readFrom the video's events without the first so many
 * @param afterRev events up to this one are known to the client
 */
export function createEventStream(
  videoId: string,
  readFrom: (skipped: number) => Promise<readonly LedgerEvent[]>,
  afterRev: number,
): EventStream {
  const readable = new Readable({ read: () => {} });
  let seen = 0;
  let sent = 0;
  let isLooking = false;
  let mustLook = false;
  let isOver = false;
  let hasFinished = false;
  readable.push(`retry: ${COME_BACK_MS}\n\n`);
  readable.once("close", () => {
    isOver = true;
  });

  function end(): void {
    if (isOver) return;
    isOver = true;
    readable.push(null);
  }

  return {
    readable,
    async look() {
      mustLook = true;
      if (isLooking) return;
      isLooking = true;
      try {
        while (mustLook && !isOver) {
          mustLook = false;
          const events = await readFrom(seen);
          seen += events.length;
          if (isOver) return;
          for (const event of events.filter(({ rev }) => rev > afterRev)) {
            readable.push(eventText(videoId, event));
            sent += 1;
          }
          const newest = events.at(-1);
          if (newest && isFinal(newest.phase)) {
            hasFinished = true;
            end();
          }
        }
      } finally {
        isLooking = false;
      }
    },
    beat() {
      if (isOver) return;
      if (readable.readableLength > 0) readable.destroy();
      else readable.push(": still there\n\n");
    },
    end,
    hasNothingToTell: () => hasFinished && sent === 0,
  };
}

function eventText(videoId: string, { rev, atMs, phase, what }: LedgerEvent): string {
  const data = {
    object: "video.event",
    video_id: videoId,
    type: what,
    status: statusOf(phase),
    phase,
    at: Math.floor(atMs / 1000),
  };
  return `id: ${rev}\ndata: ${JSON.stringify(data)}\n\n`;
}
