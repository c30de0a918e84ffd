import { createHash } from "node:crypto";
import type { StoredFile } from "@rushes/pipeline";
import { openBucket, type Bucket } from "./bucket.ts";
import type { BucketSettings } from "./s3-client.ts";
import { PATIENCE, type Patience } from "./stall-watch.ts";
import { createWorkRoom, type StoreOptions, type WorkTerms } from "./work-room.ts";

/** What became of a file since it was recorded. */
export type Comparison = "same" | "missing" | "different";

export type StoredFiles = {
  /**
   * Reads what is stored where a record says that a file is, and compares its length and hash. Only reads; throws
   * `Failure` when the bucket does not let us look.
   */
  compare(file: StoredFile, options?: StoreOptions): Promise<Comparison>;
  close(): Promise<void>;
};

/** What records say is stored, in whichever bucket, at one endpoint and with one set of credentials. */
export function openStoredFiles(
  settings: Omit<BucketSettings, "bucket">,
  patience: Partial<Patience> = {},
): StoredFiles {
  const room = createWorkRoom({ ...PATIENCE, ...patience });
  const buckets = new Map<string, Bucket>();

  function bucketOf(name: string): Bucket {
    const bucket = buckets.get(name) ?? openBucket({ ...settings, bucket: name }, undefined, Infinity);
    buckets.set(name, bucket);
    return bucket;
  }

  return {
    compare: (file, options = {}) =>
      room.run(options, (terms) => compareStored(bucketOf(file.bucket), file.key, file, terms)),
    async close() {
      await room.close();
      for (const bucket of buckets.values()) bucket.close();
    },
  };
}

/** Compares what is stored under a key with what is known of a file; its bytes are read where the lengths agree. */
export async function compareStored(
  bucket: Bucket,
  key: string,
  known: { bytes: number; sha256: string },
  { watch, signal }: WorkTerms,
): Promise<Comparison> {
  watch.waitFor("bucket");
  const stored = await bucket.open(key, watch, signal);
  if (stored === null) return "missing";
  try {
    if (stored.lengthBytes !== known.bytes) return "different";
    const hash = createHash("sha256");
    for (let chunk = await stored.read(); chunk !== null; chunk = await stored.read()) hash.update(chunk);
    return hash.digest("hex") === known.sha256 ? "same" : "different";
  } finally {
    stored.close();
  }
}
