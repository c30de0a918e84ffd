import { setTimeout as sleep } from "node:timers/promises";
import type { DialGuard } from "@rushes/guarded-dial";
import { Failure } from "@rushes/pipeline";
import { request, type Dispatcher } from "undici";
import { resultUnreachable, resultUrlForbidden } from "./result-failure.ts";

export const MAX_REDIRECTS = 3;
const REDIRECTS = [301, 302, 303, 307, 308];
/** A host that has not begun to answer by then is unreachable. */
const HEADERS_TIMEOUT_MS = 30_000;
/** A kept-alive socket that the other side has closed fails at once, and one fresh connection settles it. */
const STALE_SOCKET_CODES = ["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"];
const STALE_SOCKET_DELAY_MS = 50;

export type ResultHostLink = {
  guard: DialGuard;
  /** Must dial through `guard.connect`. */
  dispatcher: Dispatcher;
  userAgent: string;
  /** Its reason is thrown as it is, so abort it with a `Failure`. */
  signal: AbortSignal;
};

export type ResultResponse = {
  status: 200 | 206;
  header(name: string): string | undefined;
  body: Dispatcher.ResponseData["body"];
};

/**
 * One GET for a result file, identity-encoded and without any credentials; redirects are followed by hand, at most
 * `MAX_REDIRECTS`, each checked like the first URL. `range` asks for the rest of a file that must still be the one
 * `validator` belongs to. Answers 200, or 206 when a range was asked for; everything else is a `Failure`.
 */
export async function fetchResult(
  url: string,
  link: ResultHostLink,
  range?: { fromByte: number; validator: string },
): Promise<ResultResponse> {
  let target = link.guard.checkUrl(url);
  for (let redirects = 0; ; redirects += 1) {
    const response = await get(target, link, range);
    const location = REDIRECTS.includes(response.statusCode) ? response.headers["location"] : undefined;
    if (typeof location !== "string") return accepted(response, target, range !== undefined);
    response.body.destroy();
    if (redirects === MAX_REDIRECTS) {
      throw resultUrlForbidden(`the result URL leads through more than ${MAX_REDIRECTS} redirects`);
    }
    target = link.guard.checkUrl(location, target);
  }
}

async function get(target: URL, link: ResultHostLink, range?: { fromByte: number; validator: string }) {
  const ask = () =>
    request(target, {
      dispatcher: link.dispatcher,
      method: "GET",
      headers: {
        "user-agent": link.userAgent,
        accept: "video/mp4, video/*;q=0.9, */*;q=0.5",
        // A truncated gzip body would end like a whole one.
        "accept-encoding": "identity",
        ...(range === undefined ? {} : { range: `bytes=${range.fromByte}-`, "if-range": range.validator }),
      },
      signal: link.signal,
      headersTimeout: HEADERS_TIMEOUT_MS,
      // How slow a body may be is judged by the stall watch, over a window and not between two chunks.
      bodyTimeout: 0,
    });
  let response: Dispatcher.ResponseData;
  try {
    response = await ask().catch(async (error: unknown) => {
      if (!STALE_SOCKET_CODES.includes(codeOf(error)) || link.signal.aborted) throw error;
      await sleep(STALE_SOCKET_DELAY_MS);
      return ask();
    });
  } catch (error) {
    throw asFailure(error, target, link.signal);
  }
  // For the whole life of the body: it may fail at a moment when nobody reads it, and must not end the process.
  response.body.on("error", () => {});
  return response;
}

function accepted(response: Dispatcher.ResponseData, target: URL, ranged: boolean): ResultResponse {
  const { statusCode: status, headers, body } = response;
  const header = (name: string) => {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  if (status === 200 || (status === 206 && ranged)) return { status, header, body };
  body.destroy();
  const retryAfterSeconds = Number(header("retry-after"));
  throw resultUnreachable(`the result host ${target.host} answered ${status}`, {
    httpStatus: status,
    ...(retryAfterSeconds > 0 ? { retryAfterMs: retryAfterSeconds * 1000 } : {}),
  });
}

/** The Failure behind an error of undici: the guard's own, the one the signal was aborted with, or unreachable. */
export function asFailure(error: unknown, target: URL, signal: AbortSignal): Failure {
  if (error instanceof Failure) return error;
  if (signal.aborted && signal.reason instanceof Failure) return signal.reason;
  return resultUnreachable(`the result host ${target.host} gave no answer (${codeOf(error)})`, {
    cause: error,
  });
}

export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code ?? (error instanceof Error ? error.name : "unknown");
}
