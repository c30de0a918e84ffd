import type { Reading } from "./records.ts";
import { dollars } from "./price.ts";
import type { Attempt, StoredFile } from "./video-record.ts";

/** What is stored beside a video's files, and where that belongs. */
export type Manifest = {
  videoId: string;
  /** The provider's id; kept as metadata of the object. */
  taskId: string;
  mode: string;
  /** When the video was ordered; its UTC day may be part of the key. */
  createdAtMs: number;
  /** JSON. */
  text: string;
};

/**
 * The manifest of a video: what was ordered, which task made it, when, for how much, and what the files are, so that a
 * bucket explains itself without Redis.
 *
 * A pure function of what is settled once the files are stored: a repeat after a crash must give equal bytes. So it holds
 * nothing of what may still change: no sum over all attempts (another one may yet turn out to have been charged), no
 * time of the copy, no URL (a repeat may have fresh ones).
 */
export function manifestOf(
  { record, order }: Reading,
  attempt: Attempt & { taskId: string },
  output: readonly StoredFile[],
): Manifest {
  const content = {
    object: "manifest",
    version: 1,
    video: record.id,
    request: { model: order.model, input: order.input, metadata: order.metadata },
    task: { id: attempt.taskId, account: attempt.account },
    times: {
      ordered_at: seconds(record.createdMs),
      accepted_at: seconds(attempt.acceptedMs),
      ended_at: seconds(attempt.endedMs),
    },
    cost_usd: dollars(attempt.priceMicros),
    files: output.map(({ key, bytes, sha256, content_type, media }) => ({
      key,
      bytes,
      sha256,
      content_type,
      media: media ?? null,
    })),
  };
  return {
    videoId: record.id,
    taskId: attempt.taskId,
    mode: record.mode,
    createdAtMs: record.createdMs,
    text: `${JSON.stringify(content, null, 2)}\n`,
  };
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : Math.floor(ms / 1000);
}
