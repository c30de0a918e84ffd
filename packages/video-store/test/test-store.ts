import { Failure } from "@rushes/pipeline";
import { openVideoStore, type VideoStoreSettings } from "../src/index.ts";

export const BUCKET = "films";
export const CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

/** A store for servers on loopback, with everything else as in production. */
export function openTestStore(endpoint: string, more: Partial<VideoStoreSettings> = {}) {
  return openVideoStore({
    bucket: BUCKET,
    region: "us-east-1",
    endpoint,
    forcePathStyle: true,
    credentials: CREDENTIALS,
    downloadMaxBytes: 512 * 1024 * 1024,
    allowPrivateDownloads: true,
    ...more,
  });
}

export function resultFile(
  url: string,
  more: { videoId?: string; index?: number; count?: number; taskId?: string } = {},
) {
  return {
    url,
    videoId: "vid_1",
    taskId: "task-1",
    mode: "master-text-to-video",
    createdAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    index: 0,
    count: 1,
    ...more,
  };
}

export const PLAIN_KEY = "2026/01/02/vid_1.mp4";

/** The Failure a call ends with; anything else is an error of the test. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw new Error("ended with something else than a Failure", { cause: error });
  }
  throw new Error("did not fail");
}

type Level = "info" | "warn" | "error";

export function recordingLog() {
  const lines: { level: Level; fields: Record<string, unknown>; message: string }[] = [];
  const write = (level: Level) => (fields: Record<string, unknown>, message: string) => {
    lines.push({ level, fields, message });
  };
  return { lines, info: write("info"), warn: write("warn"), error: write("error") };
}
