import type { ResultFile, StoredFile } from "@rushes/pipeline";
import { createCheckedSource } from "./checked-source.ts";
import { headerText } from "./header-text.ts";
import { objectKey } from "./object-key.ts";
import { openResult, type ReadingTerms } from "./result-reader.ts";
import { storeFile, type StoringTerms } from "./store-file.ts";

/** Where files go: what the operator has chosen of a key. */
export type Placing = { prefix: string | undefined; template: string | undefined };

export type CopyTerms = ReadingTerms &
  StoringTerms & {
    placing: Placing;
    onProgress?: ((bytes: number, total: number | null) => void) | undefined;
  };

/** Copies one result file into the bucket, verified on its way. */
export async function archiveFile(file: ResultFile, terms: CopyTerms): Promise<StoredFile> {
  const { videoId, mode, createdAtMs, index, count } = file;
  return await storeFile(
    {
      videoId,
      keyFor: (sha256) => objectKey({ ...terms.placing, videoId, mode, createdAtMs, index, sha256 }),
      labels: {
        contentType: "video/mp4",
        // By the id and not by the key, whose last part may be only a number.
        fileName: `${videoId}${index === 0 ? "" : `-${index + 1}`}.mp4`,
        metadata: {
          "video-id": videoId,
          "task-id": headerText(file.taskId),
          mode: headerText(mode),
          file: `${index + 1}/${count}`,
          ...originLabels(file),
        },
      },
      open: async (sha256) =>
        createCheckedSource(await openResult(file.url, terms), {
          onProgress: terms.onProgress,
          ...(sha256 === undefined ? {} : { sha256 }),
        }),
    },
    terms,
  );
}

/** Only what is there: a header without a text is none. */
function originLabels({ origin = {} }: ResultFile): Record<string, string> {
  const { request_id: requestId, traceparent } = origin;
  return {
    ...(requestId ? { "request-id": headerText(requestId) } : {}),
    ...(traceparent ? { traceparent: headerText(traceparent) } : {}),
  };
}
