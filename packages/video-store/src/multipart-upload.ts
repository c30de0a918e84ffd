import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from "@aws-sdk/client-s3";
import { bodyStream } from "./body-stream.ts";
import { bucketUnavailable, statusOf } from "./bucket-failure.ts";
import type { StoreLog } from "./store-log.ts";
import type { UploadSource } from "./uploader.ts";

/**
 * S3 wants parts of 5 MiB or more, and at most 10,000 of them. 8 MiB reach to 78 GiB, and suit small servers too,
 * some of which take no body above 11 MiB; after that, parts grow.
 */
const PART_BYTES = 8 * 1024 * 1024;
const MOST_PARTS = 10_000;
const ABORT_TIMEOUT_MS = 10_000;

export type PartsRequest = {
  ContentType: string;
  ContentDisposition: string;
  Metadata: Record<string, string>;
  /** Whether completing must fail when the key holds something. */
  conditional: boolean;
};

/**
 * Stores a source in parts, one after the other, each streamed. Nothing is visible under the key until the last
 * byte was found sound and the upload completed; whatever fails before that, the parts are thrown away.
 */
export function createMultipartUpload(client: S3Client, bucket: string, log?: StoreLog) {
  async function sendParts(key: string, uploadId: string, source: UploadSource, signal: AbortSignal) {
    const partBytes = Math.max(PART_BYTES, Math.ceil(source.lengthBytes / MOST_PARTS));
    const parts: CompletedPart[] = [];
    let rest: Buffer | null = null;
    for (let sentBytes = 0; sentBytes < source.lengthBytes; sentBytes += partBytes) {
      const lengthBytes = Math.min(partBytes, source.lengthBytes - sentBytes);
      let leftBytes = lengthBytes;
      const drop = new AbortController();
      const body = bodyStream(
        async () => {
          if (leftBytes === 0) return null;
          const chunk: Buffer | null = rest ?? (await source.read());
          if (chunk === null) return null;
          const given = chunk.subarray(0, leftBytes);
          rest = given.length < chunk.length ? chunk.subarray(given.length) : null;
          leftBytes -= given.length;
          return given;
        },
        () => drop.abort(),
      );
      try {
        const answer = await client.send(
          new UploadPartCommand({
            Bucket: bucket,
            Key: key,
            UploadId: uploadId,
            PartNumber: parts.length + 1,
            Body: body,
            ContentLength: lengthBytes,
          }),
          { abortSignal: AbortSignal.any([signal, drop.signal]) },
        );
        if (leftBytes > 0)
          throw bucketUnavailable(`the bucket took a part of ${key} before it had the whole part`);
        parts.push({ PartNumber: parts.length + 1, ETag: answer.ETag });
      } catch (error) {
        throw body.errored ?? error;
      } finally {
        body.unpipe();
        body.destroy();
        drop.abort();
      }
    }
    // The last part may have gone out before the source has said that all is well.
    if (rest !== null || (await source.read()) !== null)
      throw bucketUnavailable(`more bytes than announced for ${key}`);
    return parts;
  }

  return async (
    key: string,
    source: UploadSource,
    request: PartsRequest,
    signal: AbortSignal,
  ): Promise<void> => {
    const { conditional, ...headers } = request;
    const object = { Bucket: bucket, Key: key };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...object, ...headers }), {
      abortSignal: signal,
    });
    if (UploadId === undefined) throw bucketUnavailable(`the bucket gave no id for the parts of ${key}`);
    try {
      const Parts = await sendParts(key, UploadId, source, signal);
      await client.send(
        new CompleteMultipartUploadCommand({
          ...object,
          UploadId,
          MultipartUpload: { Parts },
          ...(conditional ? { IfNoneMatch: "*" } : {}),
        }),
        { abortSignal: signal },
      );
    } catch (error) {
      // With a signal of its own: the upload must go even when the copy was interrupted.
      await client
        .send(new AbortMultipartUploadCommand({ ...object, UploadId }), {
          abortSignal: AbortSignal.timeout(ABORT_TIMEOUT_MS),
        })
        .catch((abortError: unknown) => {
          if (statusOf(abortError) === 404) return; // It is gone already.
          log?.warn(
            { key, uploadId: UploadId, error: String(abortError) },
            "the parts of a failed upload could not be removed",
          );
        });
      throw error;
    }
  };
}
