import { Failure, type StoredFile } from "@rushes/pipeline";
import type { Bucket } from "./bucket.ts";
import { bucketUnavailable } from "./bucket-failure.ts";
import type { CheckedSource, FileFacts } from "./checked-source.ts";
import type { StoreLog } from "./store-log.ts";
import { compareStored } from "./stored-files.ts";
import { openTempCopy, type TempSpace } from "./temp-copy.ts";
import type { ObjectLabels } from "./uploader.ts";
import type { WorkTerms } from "./work-room.ts";

export type StoringTerms = WorkTerms & {
  bucket: Bucket;
  bucketName: string;
  tempSpace: TempSpace;
  log: StoreLog | undefined;
};

/** A file on its way into the bucket. */
export type FileToStore = {
  videoId: string;
  /** Where it belongs; with its hash: where it goes when other bytes are there. */
  keyFor(sha256?: string): string;
  labels: ObjectLabels;
  /**
   * Opens it at its first byte, once per round. `sha256` is given once it has been read: then its bytes must be the same
   * again.
   */
  open(sha256: string | undefined): Promise<CheckedSource>;
};

/** Twice for a store that knows neither conditions nor large files, and once that works. */
const MOST_ROUNDS = 3;

/**
 * Stores one file and never overwrites.
 *
 * The file goes to its plain key. Where that holds an object already, what is stored is read and hashed: equal
 * means that an earlier run got as far as this, and is success. Unequal means that somebody else's bytes are in the
 * place: they stay, an operator is told, and the file goes to a key that carries the beginning of its hash – by the
 * same rules.
 */
export async function storeFile(file: FileToStore, terms: StoringTerms): Promise<StoredFile> {
  const plainKey = file.keyFor();
  const first = await copyTo(plainKey, file, terms);
  if (first.stored || (await holdsSame(plainKey, first.facts, terms)))
    return describe(plainKey, file, first.facts, terms);

  const { sha256 } = first.facts;
  const hashKey = file.keyFor(sha256);
  terms.log?.error(
    { videoId: file.videoId, bucket: terms.bucketName, key: plainKey, insteadKey: hashKey },
    "other bytes are stored under this video's key; they are left alone and the file goes beside them",
  );
  const isFree = !(await terms.bucket.holds(hashKey, terms.signal));
  if (
    (isFree && (await copyTo(hashKey, file, terms, sha256)).stored) ||
    (await holdsSame(hashKey, first.facts, terms))
  ) {
    return describe(hashKey, file, first.facts, terms);
  }
  throw new Failure({
    kind: "misconfigured",
    class: "archive",
    code: "bucket_key_taken",
    message: `other bytes are stored under ${plainKey} and under ${hashKey}`,
  });
}

/** One file under one key: stored, or already something there. Either way the whole file was read and is known. */
async function copyTo(
  key: string,
  file: FileToStore,
  terms: StoringTerms,
  sha256?: string,
): Promise<{ stored: boolean; facts: FileFacts }> {
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const source = await file.open(sha256);
    try {
      // Not every store keeps to If-None-Match, and a repeat should not send a file twice: look first.
      if (await terms.bucket.holds(key, terms.signal)) return { stored: false, facts: await source.drain() };
      const outcome =
        source.lengthBytes === null
          ? await putFromTempFile()
          : await terms.bucket.put(
              key,
              { ...source, lengthBytes: source.lengthBytes },
              file.labels,
              terms.signal,
            );
      if (outcome !== "again") return { stored: outcome === "stored", facts: await source.drain() };

      async function putFromTempFile() {
        const copy = await openTempCopy(source, terms.tempSpace, terms.watch);
        try {
          return await terms.bucket.put(key, copy, file.labels, terms.signal);
        } finally {
          await copy.close();
        }
      }
    } finally {
      source.close();
    }
  }
  throw bucketUnavailable(`the bucket found another reason each time not to store ${key}`);
}

/** Whether a key that was found taken holds these very bytes. */
async function holdsSame(key: string, facts: FileFacts, terms: StoringTerms): Promise<boolean> {
  const verdict = await compareStored(terms.bucket, key, facts, terms);
  // Taken a moment ago and empty now: whoever has removed it, the next try will see clearer.
  if (verdict === "missing")
    throw bucketUnavailable(`the bucket said that ${key} is taken, and holds nothing there`);
  return verdict === "same";
}

function describe(key: string, { labels }: FileToStore, facts: FileFacts, terms: StoringTerms): StoredFile {
  return {
    bucket: terms.bucketName,
    key,
    bytes: facts.bytes,
    sha256: facts.sha256,
    content_type: labels.contentType,
    url: `s3://${terms.bucketName}/${key}`,
    ...(facts.media === null ? {} : { media: facts.media }),
  };
}
