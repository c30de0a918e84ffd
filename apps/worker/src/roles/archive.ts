import { archive, rearchive, type Manifest, type Records, type ResultFile } from "@rushes/pipeline";
import { startStageWorker } from "@rushes/queue";
import { announceCalls } from "@rushes/telemetry";
import { bucketSettings, openVideoStore } from "@rushes/video-store";
import type { Role, RoleParts } from "../role.ts";

/** A copy may take long; while it runs the sweep is told to look later, long before its time comes. */
const BUSY_MS = 30_000;
const TELL_EVERY_MS = 5_000;

/** Copies the files of finished tasks into the bucket. */
export const startArchiveRole: Role = async (parts: RoleParts) => {
  const { settings, provider } = parts.forProvider();
  const bucket = parts.forArchive();
  const store = openVideoStore({
    ...bucketSettings(bucket),
    prefix: bucket.ARCHIVE_PREFIX,
    keyTemplate: bucket.ARCHIVE_KEY,
    downloadHosts: bucket.DOWNLOAD_HOSTS,
    downloadMaxBytes: bucket.DOWNLOAD_MAX_BYTES,
    allowPrivateDownloads: bucket.ALLOW_PRIVATE_DOWNLOADS,
    log: parts.logger,
  });
  const copies = parts.traced.copies({
    archive: (file, options) => announceCalls("store", store).archive(file, options),
    storeManifest: (manifest, options) => announceCalls("store", store).storeManifest(manifest, options),
  });
  const portsOf = (videoId: string) => ({
    provider,
    store: (file: ResultFile | Manifest, signal: AbortSignal) =>
      "url" in file ? copies.archive(file, { signal }) : copies.storeManifest(file, { signal }),
    alert: (message: string) => parts.logger.error({ videoId }, message),
    random: Math.random,
  });
  const worker = startStageWorker({
    stage: "archive",
    redis: parts.openConnection(),
    prefix: parts.prefix,
    concurrency: bucket.ARCHIVE_CONCURRENCY,
    queues: parts.queues,
    onProblem: parts.onProblem,
    decide: parts.traced.stage("archive", async (job) => {
      if (job.errand === "rearchive") {
        const { RETRY_MIN_MS: retryMinMs, RETRY_MAX_MS: retryMaxMs } = parts.common;
        return await rearchive(job, {
          ...portsOf(job.videoId),
          records: parts.records,
          compare: (file, signal) => store.compare(file, { signal }),
          settings: { retryMinMs, retryMaxMs },
        });
      }
      const keepSweepAway = (): void => {
        parts.ledger.postponeSweep(job.videoId, "archiving", job.rev, BUSY_MS).catch(parts.onProblem);
      };
      const busy = setInterval(keepSweepAway, TELL_EVERY_MS);
      const records: Records = {
        ...parts.records,
        async read(videoId) {
          const reading = await parts.records.read(videoId);
          // A job that stood in line for long has no time to wait for the first tick; most are done before it.
          if (reading && reading.record.dueMs - reading.nowMs <= TELL_EVERY_MS) keepSweepAway();
          return reading;
        },
      };
      try {
        return await archive(job, {
          ...portsOf(job.videoId),
          records,
          settings: {
            resultPlanMs: settings.RESULT_PLAN_MS,
            resultLifeMs: settings.RESULT_LIFE_MS,
            retryMinMs: parts.common.RETRY_MIN_MS,
            lateEveryMaxMs: settings.LATE_EVERY_MAX_MS,
          },
        });
      } finally {
        clearInterval(busy);
      }
    }),
  });
  return {
    name: "archive",
    isAlive: () => worker.isAlive(),
    async stop(signal) {
      await worker.stop(signal);
      await store.close();
    },
  };
};
