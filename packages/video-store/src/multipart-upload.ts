import { setTimeout as sleep } from "node:timers/promises";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
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
/** What cannot be removed in this time is left to the next copy of the file, and in the end to the bucket's own rules. */
const REMOVE_TIMEOUT_MS = 10_000;
const REMOVE_TRIES = 5;
const REMOVE_GAP_MS = 100;
/** Refusals to list that the same call would meet again: no such right, no such call. */
const FINAL_STATUSES = [400, 401, 403, 405, 501];

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
 *
 * A process that is killed cannot throw anything away, and of an upload whose first answer was lost nobody knows the id.
 * Such uploads are invisible and cost money for ever, so each copy first removes what is open under its very key. A video
 * is copied by one job at a time: whoever else has an upload there is dead, or was given up and will find it gone.
 */
export function createMultipartUpload(client: S3Client, bucket: string, log?: StoreLog) {
  /** False once the store has refused to tell of open uploads. */
  let tellsOpen = true;

  async function openUploads(key: string, signal: AbortSignal): Promise<string[]> {
    if (!tellsOpen) return [];
    try {
      const answer = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key }), {
        abortSignal: signal,
      });
      return (answer.Uploads ?? []).flatMap(({ Key, UploadId }) =>
        Key === key && UploadId !== undefined ? [UploadId] : [],
      );
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined || !FINAL_STATUSES.includes(status)) throw error;
      tellsOpen = false;
      log?.warn(
        { bucket, httpStatus: status },
        "the store does not say which uploads are open (s3:ListBucketMultipartUploads); those of killed processes stay until a lifecycle rule of the bucket removes them",
      );
      return [];
    }
  }

  async function removeUpload(key: string, UploadId: string, signal: AbortSignal): Promise<void> {
    try {
      await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId }), {
        abortSignal: signal,
      });
    } catch (error) {
      if (statusOf(error) !== 404) throw error; // It is gone already.
    }
  }

  async function removeOpen(key: string, signal: AbortSignal, known?: string): Promise<void> {
    if (known !== undefined) await removeUpload(key, known, signal);
    for (const uploadId of await openUploads(key, signal)) await removeUpload(key, uploadId, signal);
  }

  /** After a failure. With a signal of its own: the parts must go even when the copy was interrupted. Never throws. */
  async function removeFailed(key: string, uploadId: string | undefined): Promise<void> {
    const signal = AbortSignal.timeout(REMOVE_TIMEOUT_MS);
    for (let tries = 1; ; tries += 1) {
      try {
        return await removeOpen(key, signal, uploadId);
      } catch (error) {
        if (tries < REMOVE_TRIES && !signal.aborted) {
          await sleep(REMOVE_GAP_MS * 2 ** (tries - 1));
          continue;
        }
        log?.warn(
          { key, uploadId, error: String(error) },
          "the parts of a failed upload could not be removed",
        );
        return undefined;
      }
    }
  }

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
    await removeOpen(key, signal);
    let uploadId: string | undefined;
    try {
      const begun = await client.send(new CreateMultipartUploadCommand({ ...object, ...headers }), {
        abortSignal: signal,
      });
      uploadId = begun.UploadId;
      if (uploadId === undefined) throw bucketUnavailable(`the bucket gave no id for the parts of ${key}`);
      const Parts = await sendParts(key, uploadId, source, signal);
      await client.send(
        new CompleteMultipartUploadCommand({
          ...object,
          UploadId: uploadId,
          MultipartUpload: { Parts },
          ...(conditional ? { IfNoneMatch: "*" } : {}),
        }),
        { abortSignal: signal },
      );
    } catch (error) {
      await removeFailed(key, uploadId);
      throw error;
    }
  };
}
