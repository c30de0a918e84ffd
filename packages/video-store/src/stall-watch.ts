import type { Failure } from "@rushes/pipeline";
import { bucketUnavailable } from "./bucket-failure.ts";
import { resultUnreachable } from "./result-failure.ts";

/** How long a copy may take. Every figure is a decision of ours; the provider documents none. */
export type Patience = {
  /** One archive() in all, whatever it is waiting for. */
  deadlineMs: number;
  /** The host's speed is judged each time this much has been spent waiting for it. */
  windowMs: number;
  /** Slower than this over a window is given up. Only time spent waiting for the host counts. */
  minBytesPerSecond: number;
  /** The bucket may take nothing, or withhold its answer, for so long. */
  bucketStallMs: number;
};

/** In 30 minutes even the least speed allowed brings 50 MB, and a 10 s video is expected to have less. */
export const PATIENCE: Patience = {
  deadlineMs: 1_800_000,
  windowMs: 30_000,
  minBytesPerSecond: 32 * 1024,
  bucketStallMs: 60_000,
};

/**
 * Tells who keeps a copy waiting. A timeout between two chunks does not do: one byte now and then resets it for
 * ever. And a slow bucket must not be blamed on the host, so the copy says at each turn whom it waits for.
 */
export type StallWatch = {
  /** From now on this side has to move. Saying so again counts as progress of the bucket. */
  waitFor(side: "source" | "bucket"): void;
  /** Bytes that have come from the source. */
  received(bytes: number): void;
  /** Null while there is hope. */
  verdict(): Failure | null;
};

export function createStallWatch(patience: Patience, nowMs: () => number): StallWatch {
  const startedAtMs = nowMs();
  let side: "source" | "bucket" = "source";
  let sinceMs = startedAtMs;
  let windowWaitMs = 0;
  let windowBytes = 0;

  /** Books the time waited for the source so far, and starts counting anew. */
  function turn(atMs: number): void {
    if (side === "source") windowWaitMs += atMs - sinceMs;
    sinceMs = atMs;
  }

  return {
    waitFor(next) {
      turn(nowMs());
      side = next;
    },
    received(bytes) {
      windowBytes += bytes;
    },
    verdict() {
      const atMs = nowMs();
      if (atMs - startedAtMs > patience.deadlineMs) {
        const message = `the copy took longer than ${patience.deadlineMs} ms`;
        return side === "source" ? resultUnreachable(message) : bucketUnavailable(message);
      }
      if (side === "bucket") {
        if (atMs - sinceMs <= patience.bucketStallMs) return null;
        return bucketUnavailable(`the bucket did not move for ${patience.bucketStallMs} ms`);
      }
      turn(atMs);
      if (windowWaitMs < patience.windowMs) return null;
      const bytesPerSecond = Math.floor((windowBytes * 1000) / windowWaitMs);
      windowWaitMs = 0;
      windowBytes = 0;
      if (bytesPerSecond >= patience.minBytesPerSecond) return null;
      return resultUnreachable(`the result host sends only ${bytesPerSecond} bytes a second`);
    },
  };
}
