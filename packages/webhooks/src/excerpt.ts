import type { Readable } from "node:stream";

/** Enough for the reason that a receiver gives; the rest is not even read. */
const MAX_EXCERPT_BYTES = 1_000;
/** The status counts, whatever becomes of the body: it gets so long to show its beginning. */
const PATIENCE_MS = 2_000;

/** The beginning of an answer's body as text. Never fails: a body that breaks off or hangs gives what came. */
export async function readExcerpt(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, PATIENCE_MS);
  body.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= MAX_EXCERPT_BYTES) resolve();
  });
  // For the whole life of the body: it may fail when nobody waits for it any more.
  body.on("error", () => resolve());
  body.on("end", resolve);
  await promise;
  clearTimeout(timer);
  body.destroy();
  const text = Buffer.concat(chunks).subarray(0, MAX_EXCERPT_BYTES).toString("utf8");
  // Control characters have no business in a log; a cut character shows as the replacement character.
  return text.replaceAll(/\p{Cc}+/gu, " ").trim();
}
