import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { Failure } from "@rushes/pipeline";
import { bodyStream } from "./body-stream.ts";
import { bucketFailure, bucketUnavailable, statusOf } from "./bucket-failure.ts";
import { createMultipartUpload } from "./multipart-upload.ts";
import type { StoreLog } from "./store-log.ts";

/** What is known of the store so far; it is learned from its refusals and kept while the store is open. */
export type StoreAbilities = {
  /** False once the store has answered 501 to `If-None-Match`; then the look before the put has to do. */
  conditionalPut: boolean;
  /** Larger files are sent in parts. */
  wholeMaxBytes: number;
};

export type ObjectLabels = {
  contentType: string;
  /** What a browser calls a download of it. */
  fileName: string;
  metadata: Record<string, string>;
};

export type UploadSource = {
  lengthBytes: number;
  /** Must throw rather than hand out the last bytes of a file that is not sound. */
  read(): Promise<Buffer | null>;
};

/**
 * - `stored`: the whole source is under the key now.
 * - `exists`: the key already holds an object, which was left alone.
 * - `again`: the store cannot do it this way; nothing was stored, the other way is remembered, and a fresh source
 *   is needed. At most once for each of the two things a store may not know.
 */
export type PutOutcome = "stored" | "exists" | "again";

/**
 * Stores a source of known length with one streamed `PutObject` under `If-None-Match: *`. Should the source fail,
 * the connection is dropped short of the announced length, and S3 stores nothing.
 */
export function createUploader(client: S3Client, bucket: string, abilities: StoreAbilities, log?: StoreLog) {
  const putInParts = createMultipartUpload(client, bucket, log);

  async function putWhole(
    key: string,
    source: UploadSource,
    labels: ObjectLabels,
    signal: AbortSignal,
  ): Promise<void> {
    const drop = new AbortController();
    let givenBytes = 0;
    const body = bodyStream(
      async () => {
        const chunk = await source.read();
        givenBytes += chunk?.length ?? 0;
        return chunk;
      },
      () => drop.abort(),
    );
    try {
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: body,
          ContentLength: source.lengthBytes,
          ...objectHeaders(labels),
          ...(abilities.conditionalPut ? { IfNoneMatch: "*" } : {}),
        }),
        { abortSignal: AbortSignal.any([signal, drop.signal]) },
      );
      // By the bytes and not by the end of the source: the store may answer between the last byte and the end.
      if (givenBytes !== source.lengthBytes) {
        throw bucketUnavailable(`the bucket said it had stored ${key} before it had the whole file`);
      }
    } catch (error) {
      throw body.errored ?? error;
    } finally {
      // After an early answer the request is still half sent: end it, and let go of the source, which its owner
      // may want to read on.
      body.unpipe();
      body.destroy();
      drop.abort();
    }
  }

  return async (
    key: string,
    source: UploadSource,
    labels: ObjectLabels,
    signal: AbortSignal,
  ): Promise<PutOutcome> => {
    const whole = source.lengthBytes <= abilities.wholeMaxBytes;
    try {
      if (whole) await putWhole(key, source, labels, signal);
      else
        await putInParts(
          key,
          source,
          { ...objectHeaders(labels), conditional: abilities.conditionalPut },
          signal,
        );
      return "stored";
    } catch (error) {
      if (error instanceof Failure) throw error;
      if (signal.aborted) throw signal.reason;
      const status = statusOf(error);
      if (status === 412) return "exists";
      if (status === 501 && abilities.conditionalPut) {
        abilities.conditionalPut = false;
        log?.warn(
          { bucket },
          "the store does not know If-None-Match; from now on a look before each put has to do",
        );
        return "again";
      }
      const tooLarge = status === 413 || (error instanceof Error && error.name === "EntityTooLarge");
      if (tooLarge && whole) {
        abilities.wholeMaxBytes = Math.min(abilities.wholeMaxBytes, source.lengthBytes - 1);
        log?.warn(
          { bucket, bytes: source.lengthBytes },
          "the store takes no file of this size at once; sending parts",
        );
        return "again";
      }
      throw bucketFailure(error, `storing ${key}`);
    }
  };
}

function objectHeaders(labels: ObjectLabels) {
  return {
    ContentType: labels.contentType,
    ContentDisposition: `inline; filename="${labels.fileName}"`,
    Metadata: labels.metadata,
  };
}
