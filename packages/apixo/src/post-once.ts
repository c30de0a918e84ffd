import { Client, type buildConnector, type Dispatcher } from "undici";
import { MAX_ANSWER_BYTES, answerOf, type Answer } from "./answer.ts";
import type { Departure, DepartureWatch } from "./departure-watch.ts";

export type Post = {
  origin: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** For the whole of it: connecting, writing, waiting and reading. */
  deadlineMs: number;
  /** Asked once, on a connection that is ready, in the same turn in which the first byte would be written. */
  maySend: () => boolean;
};

export type PostResult =
  /** Certain: no byte of the request left. `refused` when `maySend` said no. */
  | { left: false; refused: boolean; error?: unknown }
  | { left: true; answer: Answer }
  /** It left, and no whole answer came back. `httpStatus` when at least the status was seen. */
  | {
      left: true;
      answer?: never;
      missing: "timeout" | "lost" | "too_large";
      httpStatus?: number;
      error?: unknown;
    };

/**
 * One POST that is sent once or not at all, and says which.
 *
 * - On its own `Client` with a fresh connection that is closed afterwards, so no idle socket that the other side
 *   has dropped can swallow it, and no other request can touch it.
 * - undici follows redirects and retries only through interceptors; there are none here.
 * - `maySend` is asked in `onRequestStart`, which undici calls when the connection (and its TLS session) stands,
 *   synchronously followed by the write. Between the question and the write there is no turn of the event loop.
 * - Every outcome before `sendHeaders` fired is "not left". The other signs of life (request written, answer
 *   begun) count too, so that a change in undici can only make the verdict more careful.
 */
export function postOnce(
  post: Post,
  watch: DepartureWatch,
  connect: buildConnector.connector,
): Promise<PostResult> {
  return new Promise((resolve) => {
    const client = new Client(post.origin, {
      connect,
      pipelining: 1,
      headersTimeout: post.deadlineMs,
      bodyTimeout: post.deadlineMs,
    });
    const departure: Departure = { watched: false, left: false };
    const chunks: Buffer[] = [];
    let receivedBytes = 0;
    let head: { status: number; headers: Record<string, string | string[] | undefined> } | undefined;
    let ended = false;

    const deadline = setTimeout(() => endWithout("timeout"), post.deadlineMs);

    /** The first end counts; whatever undici still reports afterwards comes from tearing the connection down. */
    function end(result: PostResult): void {
      if (ended) return;
      ended = true;
      clearTimeout(deadline);
      resolve(result);
      // Not within undici's own call stack: most ends are told from inside its callbacks.
      setImmediate(() => void client.destroy().catch(() => {}));
    }

    function endWithout(missing: "timeout" | "lost" | "too_large", error?: unknown): void {
      if (departure.left || head !== undefined) {
        end({
          left: true,
          missing,
          error,
          ...(head === undefined ? {} : { httpStatus: head.status }),
        });
      } else {
        end({ left: false, refused: false, error });
      }
    }

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        // A connection that came up after the deadline, or a request whose departure nobody would see.
        if (ended || !departure.watched) {
          controller.abort(new Error("the request may not be sent any more"));
          return;
        }
        if (!post.maySend()) {
          end({ left: false, refused: true });
          controller.abort(new Error("the sender withdrew the request"));
        }
      },
      onRequestSent() {
        departure.left = true;
      },
      onResponseStart(_controller, status, headers) {
        // 1xx are news about an answer, not one.
        if (status >= 200) head = { status, headers };
      },
      onResponseData(controller, chunk) {
        receivedBytes += chunk.length;
        if (receivedBytes <= MAX_ANSWER_BYTES) {
          chunks.push(chunk);
          return;
        }
        endWithout("too_large");
        controller.abort(new Error("the answer is too large"));
      },
      onResponseEnd() {
        if (head === undefined) endWithout("lost");
        else end({ left: true, answer: answerOf(head.status, head.headers, chunks) });
      },
      onResponseError(_controller, error) {
        endWithout("lost", error);
      },
    };

    watch.during(departure, { method: "POST", path: post.path }, () => {
      client.dispatch(
        { method: "POST", path: post.path, headers: post.headers, body: post.body, reset: true },
        handler,
      );
    });
  });
}
