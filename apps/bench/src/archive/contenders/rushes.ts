import { openVideoStore } from "@rushes/video-store";
import type { Contender } from "../client-messages.ts";

const MOST_BYTES = 4 * 1024 ** 3;

/** The store as the worker opens it; only what is on loopback needs a permission. */
export function openRushes(bucketUrl: string): Contender {
  const store = openVideoStore({
    bucket: "films",
    region: "us-east-1",
    endpoint: bucketUrl,
    forcePathStyle: true,
    credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
    downloadMaxBytes: MOST_BYTES,
    allowPrivateDownloads: true,
  });
  return {
    async copy(url, name, signal) {
      const order = { videoId: name, taskId: name, mode: "bench", createdAtMs: 0, index: 0, count: 1 };
      await store.archive({ url, ...order }, { signal });
    },
    close: () => store.close(),
  };
}
