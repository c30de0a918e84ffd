import type { ResultFile, StoredFile } from "@rushes/pipeline";
import { openVideoStore, type VideoStoreSettings } from "@rushes/video-store";
import { MOST_BYTES, PARTS_ABOVE_BYTES, type PlannedCopy } from "./copy-plan.ts";
import type { HandOrder } from "./hand-messages.ts";

export type HandStore = {
  archive(file: ResultFile, copy: PlannedCopy): Promise<StoredFile>;
  close(): Promise<void>;
};

/** Shorter than in production, in proportion to files that are smaller; the same rules. */
const PATIENCE = { deadlineMs: 30_000, windowMs: 1_500, minBytesPerSecond: 8 * 1024, bucketStallMs: 3_000 };

/**
 * The video store itself, opened twice. Everything here is on loopback, so the first may dial private addresses, and a
 * list of hosts keeps it from all but the origin. A result behind a private address goes to the second, which has the
 * rules of production and must refuse it before anything is dialled.
 */
export function openProofStore({ name, originUrl, bucketUrl }: HandOrder): HandStore {
  const settings: VideoStoreSettings = {
    bucket: "films",
    region: "us-east-1",
    endpoint: bucketUrl,
    forcePathStyle: true,
    // The bucket knows a hand by this name.
    credentials: { accessKeyId: name, secretAccessKey: "test" },
    downloadMaxBytes: MOST_BYTES,
    downloadHosts: [new URL(originUrl).hostname],
    multipartAboveBytes: PARTS_ABOVE_BYTES,
    allowPrivateDownloads: true,
    patience: PATIENCE,
  };
  const store = openVideoStore(settings);
  const strict = openVideoStore({ ...settings, downloadHosts: [], allowPrivateDownloads: false });
  return {
    archive: (file, { flaw }) => (flaw === "private-address" ? strict : store).archive(file),
    async close() {
      await store.close();
      await strict.close();
    },
  };
}
