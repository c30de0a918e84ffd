import { createHash } from "node:crypto";
import { basename } from "node:path/posix";
import { Failure, type ResultFile, type StoredFile } from "@rushes/pipeline";
import type { Bucket } from "./bucket.ts";
import { bucketUnavailable } from "./bucket-failure.ts";
import { createCheckedSource, type FileFacts } from "./checked-source.ts";
import { objectKey } from "./object-key.ts";
import { openResult, type ReadingTerms } from "./result-reader.ts";
import type { StoreLog } from "./store-log.ts";
import { openTempCopy, type TempSpace } from "./temp-copy.ts";
import type { ObjectLabels } from "./uploader.ts";

export type CopyTerms = ReadingTerms & {
  bucket: Bucket;
  bucketName: string;
  prefix: string | undefined;
  tempSpace: TempSpace;
  log: StoreLog | undefined;
  onProgress?: ((bytes: number, total: number | null) => void) | undefined;
};

/** Twice for a store that knows neither conditions nor large files, and once that works. */
const MOST_ROUNDS = 3;

/**
 * Copies one result file into the bucket.
 *
 * The file goes to its plain key. Where that holds an object already, what is stored is read and hashed: equal
 * means that an earlier run got as far as this, and is success. Unequal means that somebody else's bytes are in the
 * place: they stay, an operator is told, and the file goes to a key that carries the beginning of its hash – by the
 * same rules.
 */
export async function archiveFile(file: ResultFile, terms: CopyTerms): Promise<StoredFile> {
  const keyParts = {
    prefix: terms.prefix,
    videoId: file.videoId,
    createdAtMs: file.createdAtMs,
    index: file.index,
  };
  const plainKey = objectKey(keyParts);
  const first = await copyTo(plainKey, file, terms);
  if (first.stored || (await holdsSame(plainKey, first.facts, terms)))
    return describe(plainKey, first.facts, terms);

  const { sha256 } = first.facts;
  const hashKey = objectKey({ ...keyParts, sha256 });
  terms.log?.warn(
    { videoId: file.videoId, bucket: terms.bucketName, key: plainKey, insteadKey: hashKey },
    "other bytes are stored under this video's key; they are left alone and the file goes beside them",
  );
  const isFree = !(await terms.bucket.holds(hashKey, terms.signal));
  if (
    (isFree && (await copyTo(hashKey, file, terms, sha256)).stored) ||
    (await holdsSame(hashKey, first.facts, terms))
  ) {
    return describe(hashKey, first.facts, terms);
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
  file: ResultFile,
  terms: CopyTerms,
  sha256?: string,
): Promise<{ stored: boolean; facts: FileFacts }> {
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const result = await openResult(file.url, terms);
    try {
      const source = createCheckedSource(result, {
        onProgress: terms.onProgress,
        ...(sha256 === undefined ? {} : { sha256 }),
      });
      // Not every store keeps to If-None-Match, and a repeat should not send a file twice: look first.
      if (await terms.bucket.holds(key, terms.signal)) return { stored: false, facts: await source.drain() };
      const outcome =
        result.lengthBytes === null
          ? await putFromTempFile()
          : await terms.bucket.put(
              key,
              { ...source, lengthBytes: result.lengthBytes },
              labels(key, file),
              terms.signal,
            );
      if (outcome !== "again") return { stored: outcome === "stored", facts: await source.drain() };

      async function putFromTempFile() {
        const copy = await openTempCopy(source, terms.tempSpace, terms.watch);
        try {
          return await terms.bucket.put(key, copy, labels(key, file), terms.signal);
        } finally {
          await copy.close();
        }
      }
    } finally {
      result.close();
    }
  }
  throw bucketUnavailable(`the bucket found another reason each time not to store ${key}`);
}

/** Whether a key that was found taken holds these very bytes. */
async function holdsSame(key: string, facts: FileFacts, terms: CopyTerms): Promise<boolean> {
  const stored = await terms.bucket.open(key, terms.watch, terms.signal);
  // Taken a moment ago and empty now: whoever has removed it, the next try will see clearer.
  if (stored === null)
    throw bucketUnavailable(`the bucket said that ${key} is taken, and holds nothing there`);
  try {
    if (stored.lengthBytes !== facts.bytes) return false;
    const hash = createHash("sha256");
    for (let chunk = await stored.read(); chunk !== null; chunk = await stored.read()) hash.update(chunk);
    return hash.digest("hex") === facts.sha256;
  } finally {
    stored.close();
  }
}

function describe(key: string, facts: FileFacts, terms: CopyTerms): StoredFile {
  return {
    bucket: terms.bucketName,
    key,
    bytes: facts.bytes,
    sha256: facts.sha256,
    content_type: "video/mp4",
    url: `s3://${terms.bucketName}/${key}`,
    ...(facts.media === null ? {} : { media: facts.media }),
  };
}

function labels(key: string, file: ResultFile): ObjectLabels {
  return {
    fileName: basename(key),
    metadata: {
      "video-id": file.videoId,
      "task-id": headerText(file.taskId),
      mode: headerText(file.mode),
      file: `${file.index + 1}/${file.count}`,
      ...originLabels(file),
    },
  };
}

/** Only what is there: a header without a text is none. */
function originLabels({ origin = {} }: ResultFile): Record<string, string> {
  const { request_id: requestId, traceparent } = origin;
  return {
    ...(requestId ? { "request-id": headerText(requestId) } : {}),
    ...(traceparent ? { traceparent: headerText(traceparent) } : {}),
  };
}

/** A task id is the provider's own text, and a header cannot carry every text. */
function headerText(text: string): string {
  return /^[\x21-\x7e]*$/.test(text)
    ? text.slice(0, 256)
    : encodeURIComponent(text.toWellFormed()).slice(0, 256);
}
