import type { Dispatcher } from "undici";
import { MAX_ANSWER_BYTES, answerOf, type Answer } from "./answer.ts";

export type FetchResult =
  | { answer: Answer }
  /** `httpStatus` when at least the status was seen. */
  | {
      answer?: never;
      missing: "timeout" | "aborted" | "lost" | "too_large";
      httpStatus?: number;
      error?: unknown;
    };

class TooLarge extends Error {}

/**
 * One GET over a pool of kept connections, within `deadlineMs` for the whole of it, the wait for a free connection
 * included. Only for calls that are free and may be repeated: a dropped idle connection shows as `lost`. Redirects
 * are not followed, so the key goes to no other host.
 */
export async function fetchAnswer(
  pool: Dispatcher,
  get: { path: string; headers: Readonly<Record<string, string>>; deadlineMs: number; signal?: AbortSignal },
): Promise<FetchResult> {
  const stop = new AbortController();
  let timedOut = false;
  const deadline = setTimeout(() => {
    timedOut = true;
    stop.abort();
  }, get.deadlineMs);
  const onAbort = (): void => stop.abort();
  get.signal?.addEventListener("abort", onAbort);
  if (get.signal?.aborted === true) stop.abort();
  let httpStatus: number | undefined;
  try {
    const { statusCode, headers, body } = await pool.request({
      method: "GET",
      path: get.path,
      headers: get.headers,
      signal: stop.signal,
    });
    httpStatus = statusCode;
    return { answer: answerOf(statusCode, headers, await readChunks(body)) };
  } catch (error) {
    const missing = reasonOf(error, timedOut, get.signal?.aborted === true);
    return { missing, error, ...(httpStatus === undefined ? {} : { httpStatus }) };
  } finally {
    clearTimeout(deadline);
    get.signal?.removeEventListener("abort", onAbort);
  }
}

function reasonOf(
  error: unknown,
  timedOut: boolean,
  aborted: boolean,
): "timeout" | "aborted" | "lost" | "too_large" {
  if (error instanceof TooLarge) return "too_large";
  if (timedOut) return "timeout";
  return aborted ? "aborted" : "lost";
}

/** Leaving the loop by the exception destroys the body, and with it the connection. */
async function readChunks(body: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let receivedBytes = 0;
  for await (const chunk of body) {
    receivedBytes += chunk.length;
    if (receivedBytes > MAX_ANSWER_BYTES) throw new TooLarge("the answer is too large");
    chunks.push(chunk);
  }
  return chunks;
}
