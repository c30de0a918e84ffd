import { isPublicAddress } from "@rushes/guarded-dial";
import type { Manifest, ResultFile, StoredFile } from "@rushes/pipeline";
import { Agent } from "undici";
import { archiveFile } from "./archive-file.ts";
import { openBucket } from "./bucket.ts";
import { createDownloadGuard } from "./download-guard.ts";
import { PATIENCE, type Patience } from "./stall-watch.ts";
import type { BucketSettings } from "./s3-client.ts";
import type { StoreLog } from "./store-log.ts";
import { storeManifest } from "./store-manifest.ts";
import { openStoredFiles, type StoredFiles } from "./stored-files.ts";
import { createWorkRoom, type StoreOptions } from "./work-room.ts";

/** S3 takes 5 GiB at once; above this a cut would cost too much, so the file goes in parts. */
const MULTIPART_ABOVE_BYTES = 100 * 1024 * 1024;
const CHECK_TIMEOUT_MS = 10_000;
const USER_AGENT = "rushes-archive/0.1";

export type VideoStoreSettings = BucketSettings & {
  /** Put before every key; slashes at its ends do not matter. */
  prefix?: string | undefined;
  /** Where files go; `DEFAULT_KEY_TEMPLATE` unless given. Must be one (`isKeyTemplate`). */
  keyTemplate?: string | undefined;
  /** Only these hosts serve results: `files.example.com`, or `*.example.com` for all below. Missing or empty: any public one. */
  downloadHosts?: readonly string[] | undefined;
  /** Larger files are refused. */
  downloadMaxBytes: number;
  /** Allows http and addresses that are not public. For a sandbox on the same machine only. */
  allowPrivateDownloads: boolean;
  userAgent?: string | undefined;
  log?: StoreLog | undefined;
  /** Most bytes in temp files at one time, which results of unknown length pass through; default twice `downloadMaxBytes`. */
  tempMaxBytes?: number | undefined;
  /** Files above this go in parts; default 100 MiB. */
  multipartAboveBytes?: number | undefined;
  /** How long a copy may take; see `PATIENCE` for the defaults. */
  patience?: Partial<Patience> | undefined;
};

export type ArchiveOptions = StoreOptions & {
  /** Bytes that have arrived, and how many there will be where that is known. Begins anew when the file does. */
  onProgress?: ((bytes: number, total: number | null) => void) | undefined;
};

/** Copies result files into one bucket. Throws `Failure` only, and none of them means "generate again". */
export type VideoStore = Pick<StoredFiles, "compare"> & {
  /**
   * Downloads one result file, verifies it, and stores it under its deterministic key. A repeat gives an equal
   * answer and never overwrites; nothing is stored of a file that is cut, too large or no MP4.
   *
   * Failures: `result_unreachable` (with `httpStatus` where the host answered; 403, 404, 410 = a fresh URL is
   * needed), `result_damaged`, `result_url_forbidden`, `result_too_large`, `bucket_unavailable`,
   * `temp_space_unavailable`, `archive_interrupted`, all of kind `unavailable`; `bucket_misconfigured` and
   * `bucket_key_taken` of kind `misconfigured`.
   */
  archive(file: ResultFile, options?: ArchiveOptions): Promise<StoredFile>;
  /**
   * Stores a video's manifest beside its first file, by the same rules: a repeat is equal, other bytes in its place stay
   * and are told of. Failures as above, those of the bucket.
   */
  storeManifest(manifest: Manifest, options?: StoreOptions): Promise<StoredFile>;
  /** Resolves when the bucket answers and lets us in (HeadBucket). For readiness. */
  check(): Promise<void>;
  /** Gives up what is under way, waits until that has let go of everything, and closes all connections. */
  close(): Promise<void>;
};

export function openVideoStore(settings: VideoStoreSettings): VideoStore {
  const { log } = settings;
  const patience = { ...PATIENCE, ...settings.patience };
  const guard = createDownloadGuard({
    schemes: settings.allowPrivateDownloads ? ["https:", "http:"] : ["https:"],
    permitsAddress: settings.allowPrivateDownloads ? () => true : isPublicAddress,
    hosts: settings.downloadHosts,
  });
  const dispatcher = new Agent({ connect: guard.connect, allowH2: false });
  const bucket = openBucket(settings, log, settings.multipartAboveBytes ?? MULTIPART_ABOVE_BYTES);
  const tempSpace = { maxBytes: settings.tempMaxBytes ?? 2 * settings.downloadMaxBytes, usedBytes: 0 };
  const room = createWorkRoom(patience);
  const stored = openStoredFiles(settings, patience);
  const place = {
    bucket,
    bucketName: settings.bucket,
    placing: { prefix: settings.prefix, template: settings.keyTemplate },
    tempSpace,
    log,
  };

  return {
    archive: (file, options = {}) =>
      room.run(options, (terms) =>
        archiveFile(file, {
          ...terms,
          ...place,
          guard,
          dispatcher,
          userAgent: settings.userAgent ?? USER_AGENT,
          maxBytes: settings.downloadMaxBytes,
          onResume: (fromByte) =>
            log?.info({ videoId: file.videoId, fromByte }, "the download was cut and goes on from there"),
          onProgress: options.onProgress,
        }),
      ),
    storeManifest: (manifest, options = {}) =>
      room.run(options, (terms) => storeManifest(manifest, { ...terms, ...place })),
    compare: (file, options) => stored.compare(file, options),
    check: () => bucket.check(AbortSignal.timeout(CHECK_TIMEOUT_MS)),
    async close() {
      await Promise.all([room.close(), stored.close()]);
      bucket.close();
      await dispatcher.destroy();
    },
  };
}
