import { isPublicAddress } from "@rushes/guarded-dial";
import { Failure, type ResultFile, type StoredFile } from "@rushes/pipeline";
import { Agent } from "undici";
import { archiveFile } from "./archive-file.ts";
import { openBucket } from "./bucket.ts";
import { createDownloadGuard } from "./download-guard.ts";
import { createStallWatch, PATIENCE, type Patience } from "./stall-watch.ts";
import type { BucketSettings } from "./s3-client.ts";
import type { StoreLog } from "./store-log.ts";

/** S3 takes 5 GiB at once; above this a cut would cost too much, so the file goes in parts. */
const MULTIPART_ABOVE_BYTES = 100 * 1024 * 1024;
const CHECK_TIMEOUT_MS = 10_000;
const USER_AGENT = "rushes-archive/0.1";

export type VideoStoreSettings = BucketSettings & {
  /** Put before every key; slashes at its ends do not matter. */
  prefix?: string | undefined;
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

export type ArchiveOptions = {
  /** Aborting gives the copy up: `Failure` with code `archive_interrupted`. */
  signal?: AbortSignal | undefined;
  /** Bytes that have arrived, and how many there will be where that is known. Begins anew when the file does. */
  onProgress?: ((bytes: number, total: number | null) => void) | undefined;
};

/** Copies result files into one bucket. Throws `Failure` only, and none of them means "generate again". */
export type VideoStore = {
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
  const closing = new AbortController();
  const underWay = new Set<Promise<unknown>>();

  async function archive(file: ResultFile, options: ArchiveOptions = {}): Promise<StoredFile> {
    const run = new AbortController();
    const interrupt = () => run.abort(interrupted());
    const stop = AbortSignal.any([closing.signal, ...(options.signal === undefined ? [] : [options.signal])]);
    if (stop.aborted) throw interrupted();
    stop.addEventListener("abort", interrupt, { once: true });
    const watch = createStallWatch(patience, () => performance.now());
    const look = setInterval(
      () => {
        const verdict = watch.verdict();
        if (verdict !== null) run.abort(verdict);
      },
      Math.min(1000, patience.windowMs / 4),
    );
    try {
      return await archiveFile(file, {
        guard,
        dispatcher,
        userAgent: settings.userAgent ?? USER_AGENT,
        signal: run.signal,
        maxBytes: settings.downloadMaxBytes,
        watch,
        onResume: (fromByte) =>
          log?.info({ videoId: file.videoId, fromByte }, "the download was cut and goes on from there"),
        bucket,
        bucketName: settings.bucket,
        prefix: settings.prefix,
        tempSpace,
        log,
        onProgress: options.onProgress,
      });
    } catch (error) {
      throw run.signal.aborted ? (run.signal.reason as Failure) : asFailure(error);
    } finally {
      clearInterval(look);
      stop.removeEventListener("abort", interrupt);
    }
  }

  return {
    archive(file, options) {
      const copy = archive(file, options);
      const settled = copy.catch(() => {}).finally(() => underWay.delete(settled));
      underWay.add(settled);
      return copy;
    },
    check: () => bucket.check(AbortSignal.timeout(CHECK_TIMEOUT_MS)),
    async close() {
      closing.abort();
      await Promise.all(underWay);
      bucket.close();
      await dispatcher.destroy();
    },
  };
}

function interrupted(): Failure {
  return new Failure({
    kind: "unavailable",
    class: "archive",
    code: "archive_interrupted",
    message: "the copy was interrupted from our side",
  });
}

/** For what nobody foresaw: the file is paid for, so it is tried again. */
function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure({
    kind: "unavailable",
    class: "archive",
    code: "archive_fault",
    message: `the copy failed in a way that was not foreseen (${String(error)})`,
    cause: error,
  });
}
