import { GetObjectCommand, HeadBucketCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { Failure } from "@rushes/pipeline";
import { bucketFailure, statusOf } from "./bucket-failure.ts";
import type { ByteSource } from "./byte-source.ts";
import { openS3Client, type BucketSettings } from "./s3-client.ts";
import type { StallWatch } from "./stall-watch.ts";
import type { StoreLog } from "./store-log.ts";
import {
  createUploader,
  type ObjectLabels,
  type PutOutcome,
  type StoreAbilities,
  type UploadSource,
} from "./uploader.ts";

/** One bucket. Throws `Failure` only; a call under an aborted signal throws the signal's reason. */
export type Bucket = {
  /** Whether something is stored under the key. */
  holds(key: string, signal: AbortSignal): Promise<boolean>;
  /** Stores the source under a key that holds nothing. */
  put(key: string, source: UploadSource, labels: ObjectLabels, signal: AbortSignal): Promise<PutOutcome>;
  /** Opens what is stored; null where nothing is. */
  open(
    key: string,
    watch: StallWatch,
    signal: AbortSignal,
  ): Promise<(ByteSource & { lengthBytes: number }) | null>;
  /** Resolves when the bucket answers and lets us in. */
  check(signal: AbortSignal): Promise<void>;
  close(): void;
};

export function openBucket(
  settings: BucketSettings,
  log: StoreLog | undefined,
  multipartAboveBytes: number,
): Bucket {
  const client = openS3Client(settings);
  const { bucket } = settings;
  const abilities: StoreAbilities = { conditionalPut: true, wholeMaxBytes: multipartAboveBytes };
  const put = createUploader(client, bucket, abilities, log);

  return {
    put,

    async holds(key, signal) {
      try {
        await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
        return true;
      } catch (error) {
        if (statusOf(error) === 404) return false;
        // S3 answers 403 for a missing key to whoever may not list the bucket. Where the put itself looks, it will
        // tell; where this look is all there is, nothing may be put.
        if (statusOf(error) === 403 && abilities.conditionalPut) return false;
        throw refused(error, `looking at ${key}`, signal);
      }
    },

    async open(key, watch, signal) {
      const doing = `reading ${key}`;
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
          abortSignal: signal,
        });
        const body = answer.Body as NodeJS.ReadableStream & { destroy(): void };
        body.on("error", () => {});
        const chunks = body[Symbol.asyncIterator]();
        return {
          lengthBytes: answer.ContentLength ?? 0,
          async read() {
            watch.waitFor("bucket");
            try {
              const next = await chunks.next();
              return next.done === true ? null : (next.value as Buffer);
            } catch (error) {
              throw refused(error, doing, signal);
            }
          },
          close: () => body.destroy(),
        };
      } catch (error) {
        if (statusOf(error) === 404 && (error as Error).name !== "NoSuchBucket") return null;
        throw refused(error, doing, signal);
      }
    },

    async check(signal) {
      try {
        await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal });
      } catch (error) {
        throw refused(error, `checking the bucket ${bucket}`, signal);
      }
    },

    close: () => client.destroy(),
  };
}

function refused(error: unknown, doing: string, signal: AbortSignal): Failure {
  return signal.aborted && signal.reason instanceof Failure ? signal.reason : bucketFailure(error, doing);
}
