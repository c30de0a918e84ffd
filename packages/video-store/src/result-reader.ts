import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "@rushes/pipeline";
import type { ByteSource } from "./byte-source.ts";
import { asFailure, fetchResult, type ResultHostLink, type ResultResponse } from "./fetch-result.ts";
import { resultDamaged, resultTooLarge } from "./result-failure.ts";
import type { StallWatch } from "./stall-watch.ts";

/** A body may be cut this often before the file is begun again from its first byte. */
const MAX_RESUMES = 20;
/** Resumes in a row that brought nothing; with the growing gap, three seconds of a host that is away. */
const MAX_RESUMES_WITHOUT_PROGRESS = 5;
const RESUME_GAP_MS = 200;

export type ResultReader = ByteSource & {
  /**
   * True where HTTP itself marks the end of the body. Without Content-Length and without chunks the end is just the
   * end of the connection, which a cut looks like as well.
   */
  readonly endIsMarked: boolean;
};

export type ReadingTerms = ResultHostLink & {
  maxBytes: number;
  watch: StallWatch;
  onResume?: (fromByte: number, cause: unknown) => void;
};

/**
 * Opens a result file for reading, once and in order. When the body is cut and the host gave its length and a
 * validator (a strong ETag or Last-Modified), the reader goes on where it was with `Range` and `If-Range`; a host
 * that cannot do that, or has another file by now, is a `Failure` with code `result_damaged`.
 */
export async function openResult(url: string, terms: ReadingTerms): Promise<ResultReader> {
  // Closing ends a read and a resume under way too; without that they would take the closing for a cut.
  const closing = new AbortController();
  const link = { ...terms, signal: AbortSignal.any([terms.signal, closing.signal]) };
  const close = () => closing.abort(resultDamaged("the reader was closed before the end of the file"));

  terms.watch.waitFor("source");
  const first = await fetchResult(url, link);
  terms.watch.waitFor("bucket");
  const lengthBytes = announcedLength(first);
  const validator = validatorOf(first);
  const flaw = flawOf(first, lengthBytes, terms.maxBytes);
  if (flaw !== null) {
    close();
    throw flaw;
  }

  let chunks = first.body[Symbol.asyncIterator]();
  let position = 0;
  let resumes = 0;
  let resumesWithoutProgress = 0;

  async function nextChunk(): Promise<Buffer | null> {
    for (;;) {
      let cause: unknown;
      try {
        const next = await chunks.next();
        if (next.done !== true) return next.value as Buffer;
        if (lengthBytes === null || position === lengthBytes) return null;
      } catch (error) {
        if (link.signal.aborted) throw asFailure(error, new URL(url), link.signal);
        cause = error;
      }
      await resume(cause);
    }
  }

  async function resume(cause: unknown): Promise<void> {
    const cut = (why: string) =>
      resultDamaged(
        `the result was cut after ${position} of ${lengthBytes ?? "an unknown number of"} bytes; ${why}`,
        cause,
      );
    // Nothing read yet: then any answer that begins at the beginning will do.
    const range = position === 0 || validator === null ? undefined : { fromByte: position, validator };
    if (lengthBytes === null || (range === undefined && position > 0)) {
      throw cut("the host offers no way to go on from there");
    }
    for (;;) {
      resumes += 1;
      resumesWithoutProgress += 1;
      if (resumes > MAX_RESUMES || resumesWithoutProgress > MAX_RESUMES_WITHOUT_PROGRESS) {
        throw cut(`gave up after ${resumes - 1} resumes`);
      }
      // The first resume goes at once; only a host that brings nothing is given time.
      if (resumesWithoutProgress > 1) {
        const gapMs = RESUME_GAP_MS * 2 ** (resumesWithoutProgress - 2);
        await sleep(gapMs, undefined, { signal: link.signal }).catch(() => {});
      }
      if (link.signal.aborted) throw asFailure(cause, new URL(url), link.signal);
      terms.onResume?.(position, cause);
      let response: ResultResponse;
      try {
        response = await fetchResult(url, link, range);
      } catch (error) {
        if (error instanceof Failure && isPassing(error) && !link.signal.aborted) continue;
        throw error;
      }
      if (continues(response, position, lengthBytes)) {
        chunks = response.body[Symbol.asyncIterator]();
        return;
      }
      response.body.destroy();
      throw cut("the host would not go on from there");
    }
  }

  return {
    lengthBytes,
    endIsMarked: lengthBytes !== null || first.header("transfer-encoding") !== undefined,
    async read() {
      terms.watch.waitFor("source");
      const chunk = await nextChunk();
      terms.watch.waitFor("bucket");
      if (chunk === null) return null;
      position += chunk.length;
      resumesWithoutProgress = 0;
      terms.watch.received(chunk.length);
      if (position > terms.maxBytes) throw resultTooLarge(terms.maxBytes);
      if (lengthBytes !== null && position > lengthBytes) {
        throw resultDamaged(`the result host sent more than the ${lengthBytes} bytes it announced`);
      }
      return chunk;
    },
    close,
  };
}

/** What can be seen from the head of the answer. */
function flawOf(response: ResultResponse, lengthBytes: number | null, maxBytes: number): Failure | null {
  if (isEncoded(response)) return resultDamaged("the result host sent the file compressed, against our word");
  // Nothing can be held back of nothing: a put of an empty file would be whole before it was judged.
  if (lengthBytes === 0) return resultDamaged("the result is empty");
  if (lengthBytes !== null && lengthBytes > maxBytes) return resultTooLarge(maxBytes);
  return null;
}

function isEncoded(response: ResultResponse): boolean {
  return (response.header("content-encoding") ?? "identity") !== "identity";
}

function announcedLength(response: ResultResponse): number | null {
  const text = response.header("content-length");
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** What proves to the host that we mean the same file. A weak ETag does not promise equal bytes. */
function validatorOf(response: ResultResponse): string | null {
  if (response.header("accept-ranges") === "none") return null;
  const etag = response.header("etag");
  if (etag !== undefined && /^"[^"]*"$/.test(etag)) return etag;
  return response.header("last-modified") ?? null;
}

/** Exactly the missing rest, of a file of the same length. */
function continues(response: ResultResponse, fromByte: number, lengthBytes: number): boolean {
  if (isEncoded(response)) return false;
  if (response.status === 200) return fromByte === 0 && announcedLength(response) === lengthBytes;
  return response.header("content-range") === `bytes ${fromByte}-${lengthBytes - 1}/${lengthBytes}`;
}

/** The host is away or overloaded; anything else it says about the file is final for this copy. */
function isPassing(failure: Failure): boolean {
  if (failure.code !== "result_unreachable") return false;
  return failure.httpStatus === undefined || failure.httpStatus === 429 || failure.httpStatus >= 500;
}
