import { createHash } from "node:crypto";
import type { Manifest, StoredFile } from "@rushes/pipeline";
import type { Placing } from "./archive-file.ts";
import type { CheckedSource } from "./checked-source.ts";
import { headerText } from "./header-text.ts";
import { manifestKey } from "./object-key.ts";
import { storeFile, type StoringTerms } from "./store-file.ts";

/** Stores a video's manifest beside its first file, by the rules that hold for the file. */
export async function storeManifest(
  { videoId, taskId, mode, createdAtMs, text }: Manifest,
  terms: StoringTerms & { placing: Placing },
): Promise<StoredFile> {
  terms.watch.waitFor("bucket");
  return await storeFile(
    {
      videoId,
      keyFor: (sha256) => manifestKey({ ...terms.placing, videoId, mode, createdAtMs, sha256 }),
      labels: {
        contentType: "application/json",
        fileName: `${videoId}.json`,
        metadata: { "video-id": videoId, "task-id": headerText(taskId), mode: headerText(mode) },
      },
      open: () => Promise.resolve(textSource(text)),
    },
    terms,
  );
}

/** What is whole in memory needs no checking. */
function textSource(text: string): CheckedSource {
  const bytes = Buffer.from(text);
  const facts = {
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    media: null,
  };
  let rest: Buffer | null = bytes;
  return {
    lengthBytes: bytes.length,
    read() {
      const chunk = rest;
      rest = null;
      return Promise.resolve(chunk);
    },
    facts: () => facts,
    drain: () => Promise.resolve(facts),
    close() {},
  };
}
