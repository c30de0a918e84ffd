import { createHash } from "node:crypto";
import type { ByteSource } from "./byte-source.ts";
import { createBoxWalk } from "./mp4-boxes.ts";
import type { MediaFacts } from "@rushes/pipeline";
import { mediaFacts } from "./mp4-media.ts";
import { resultDamaged } from "./result-failure.ts";

/** What is known of a whole file once its last byte has been seen. */
export type FileFacts = {
  bytes: number;
  /** Lower-case hex. */
  sha256: string;
  media: MediaFacts | null;
};

export type CheckedSource = ByteSource & {
  /** Null until `read()` has answered null. */
  facts(): FileFacts | null;
  /** Reads and checks whatever is left, throws it away, and answers the facts. Waits for a read under way. */
  drain(): Promise<FileFacts>;
};

/**
 * Passes a video through while hashing it and walking its boxes, and always **holds back the last chunk**: it is
 * given out only when the whole file has been found sound. So whoever announced the length and is fed from here
 * never gets a whole file that is not the right one; on failure `read()` throws and the rest never comes.
 */
export function createCheckedSource(
  source: ByteSource & { readonly endIsMarked: boolean },
  expected: {
    /** Set where the file has been read before: then its bytes must be the same again. */
    sha256?: string;
    onProgress?: ((bytes: number, total: number | null) => void) | undefined;
  } = {},
): CheckedSource {
  const hash = createHash("sha256");
  const walk = createBoxWalk();
  let bytes = 0;
  let held: Buffer | null = null;
  let facts: FileFacts | null = null;
  let failed: { error: unknown } | null = null;
  let underWay: Promise<unknown> = Promise.resolve();

  function judge(): FileFacts {
    if (source.lengthBytes !== null && bytes !== source.lengthBytes) {
      throw resultDamaged(`the result has ${bytes} bytes where ${source.lengthBytes} were announced`);
    }
    walk.finish(source.endIsMarked);
    const sha256 = hash.digest("hex");
    if (expected.sha256 !== undefined && sha256 !== expected.sha256) {
      throw resultDamaged("the result host served two different files under one URL");
    }
    const moov = walk.moov();
    return { bytes, sha256, media: moov === null ? null : mediaFacts(moov) };
  }

  async function pull(): Promise<Buffer | null> {
    for (;;) {
      if (facts !== null) return null;
      const chunk = await source.read();
      const released = held;
      held = chunk;
      if (chunk === null) {
        facts = judge();
        return released;
      }
      bytes += chunk.length;
      hash.update(chunk);
      walk.push(chunk);
      expected.onProgress?.(bytes, source.lengthBytes);
      if (released !== null) return released;
    }
  }

  async function read(): Promise<Buffer | null> {
    // A file that was found wrong stays wrong, whoever asks next.
    if (failed !== null) throw failed.error;
    const next = pull();
    // Kept so that drain() can wait for it.
    underWay = next.catch((error: unknown) => {
      failed = { error };
    });
    return next;
  }

  return {
    lengthBytes: source.lengthBytes,
    read,
    facts: () => facts,
    async drain() {
      await underWay;
      while ((await read()) !== null);
      if (facts === null) throw resultDamaged("the result is empty");
      return facts;
    },
    close: () => source.close(),
  };
}
