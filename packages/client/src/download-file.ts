import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import type { HttpCalls } from "./http-calls.ts";
import { RushesError } from "./rushes-error.ts";
import type { StoredFile, Video } from "./video.ts";

export type ContentOptions = {
  /** Which of several files, from 1. */
  n?: number | undefined;
  signal?: AbortSignal | undefined;
};

/** A link to the file that needs no key and soon ends. */
export async function findContentUrl(
  calls: Pick<HttpCalls, "findLocation">,
  id: string,
  { n = 1, signal }: ContentOptions,
): Promise<string> {
  const path = `/v1/videos/${encodeURIComponent(id)}/content${n === 1 ? "" : `?n=${n}`}`;
  return await calls.findLocation({ path, isRepeatable: true, signal });
}

/** The answer of the bucket, with the file as its body. */
export async function fetchContent(
  calls: Pick<HttpCalls, "findLocation" | "fetch">,
  id: string,
  options: ContentOptions,
): Promise<Response> {
  const url = await findContentUrl(calls, id, options);
  const { signal } = options;
  const unavailable = (why: string, details: object): RushesError =>
    new RushesError("file_unavailable", `The file of ${id} cannot be had: ${why}.`, details);
  let response: Response;
  try {
    // The link is signed, and the key of the api is none of the bucket's business.
    response = await calls.fetch(url, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw unavailable(`the bucket at ${new URL(url).host} does not answer`, { cause: error });
  }
  if (response.ok) return response;
  await response.body?.cancel();
  throw unavailable(`the bucket answers ${response.status}`, { status: response.status });
}

/**
 * Stores the file at `path`, which holds the whole file or is left as it was: it gets its name only after its size and
 * SHA-256 were found to be the recorded ones. What breaks off is fetched again.
 *
 * @throws RushesError `file_damaged` when the bytes stay other ones
 */
export async function downloadFile(
  calls: Pick<HttpCalls, "ask" | "findLocation" | "fetch" | "maxAttempts">,
  id: string,
  path: string,
  options: ContentOptions,
): Promise<StoredFile> {
  const { n = 1, signal } = options;
  for (let failed = 1; ; failed += 1) {
    const response = await fetchContent(calls, id, options);
    const { output } = await calls.ask<Video>({
      path: `/v1/videos/${encodeURIComponent(id)}`,
      isRepeatable: true,
      signal,
    });
    const file = output[n - 1];
    if (file === undefined) throw new RushesError("file_unavailable", `${id} has no file ${n}.`);
    const part = `${path}.${randomUUID()}.part`;
    try {
      const found = await store(response, part, signal);
      if (found === `${file.bytes} ${file.sha256}`) {
        await rename(part, path);
        return file;
      }
    } catch (error) {
      signal?.throwIfAborted();
      // A full disk or a missing folder is not mended by asking again.
      if (typeof (error as NodeJS.ErrnoException).errno === "number") throw error;
    } finally {
      await rm(part, { force: true });
    }
    if (failed >= calls.maxAttempts) {
      const message = `The file of ${id} came damaged or cut ${failed} times; ${path} was not written.`;
      throw new RushesError("file_damaged", message);
    }
  }
}

/** @returns size and SHA-256 of what came */
async function store(response: Response, part: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  await pipeline(body, measure, createWriteStream(part, { flags: "wx" }), signal ? { signal } : {});
  return `${bytes} ${hash.digest("hex")}`;
}
