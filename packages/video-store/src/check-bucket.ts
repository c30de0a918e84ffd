import { randomUUID } from "node:crypto";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { bucketFailure } from "./bucket-failure.ts";
import { openS3Client, type BucketSettings } from "./s3-client.ts";

/**
 * What a look at the bucket came to. `missing`: no such bucket under this address, region and credentials. `forbidden`: it
 * answers, but this look is not allowed (HeadBucket needs the right to list); archiving may be. `unwritable`: a test object
 * could not be stored and read back. `unavailable`: no answer, or one that says "later".
 */
export type BucketCheck = {
  kind: "usable" | "missing" | "forbidden" | "unwritable" | "unavailable";
  /** For people. Names the bucket and never a credential. */
  words: string;
};

export type BucketCheckOptions = {
  /**
   * Where a small object is stored, read back and removed, to prove that archiving would work; its name is added. Unless
   * given, the bucket is only looked at.
   */
  writeUnder?: string | undefined;
  timeoutMs?: number | undefined;
};

const TIMEOUT_MS = 10_000;

/** Looks at the bucket once, on a connection of its own. Never throws, and never takes longer than its time-out. */
export async function checkBucket(
  settings: BucketSettings,
  options: BucketCheckOptions = {},
): Promise<BucketCheck> {
  const client = openS3Client(settings);
  const { bucket } = settings;
  const abortSignal = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  try {
    // A successful write proves more than the look, also for those who may not list.
    if (options.writeUnder !== undefined)
      return await tryToWrite(client, bucket, options.writeUnder, abortSignal);
    await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal });
    return { kind: "usable", words: `${bucket} answers` };
  } catch (error) {
    const { kind, httpStatus, message } = bucketFailure(error, `checking the bucket ${bucket}`);
    if (kind === "unavailable") return { kind: "unavailable", words: message };
    if (options.writeUnder !== undefined && httpStatus !== 404) return { kind: "unwritable", words: message };
    return { kind: httpStatus === 403 ? "forbidden" : "missing", words: message };
  } finally {
    client.destroy();
  }
}

async function tryToWrite(
  client: S3Client,
  bucket: string,
  under: string,
  abortSignal: AbortSignal,
): Promise<BucketCheck> {
  const at = { Bucket: bucket, Key: `${under}rushes-write-test-${randomUUID()}` };
  const text = "Written by rushes doctor to see whether files can be stored. It may be removed.\n";
  await client.send(new PutObjectCommand({ ...at, Body: text, ContentType: "text/plain" }), { abortSignal });
  const { Body } = await client.send(new GetObjectCommand(at), { abortSignal });
  const isWhole = (await Body?.transformToString()) === text;
  const isGone = await client.send(new DeleteObjectCommand(at), { abortSignal }).then(
    () => true,
    () => false,
  );
  if (!isWhole) return { kind: "unwritable", words: `${bucket} gave back something else than was stored` };
  // Archiving removes nothing, so it needs no right to.
  const rest = isGone ? "and was removed" : `but may not be removed: ${at.Key} is still there`;
  return { kind: "usable", words: `a test object was stored in ${bucket} and read back, ${rest}` };
}
