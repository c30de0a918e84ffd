import { Failure, type FailureDetails, type Provider } from "@rushes/pipeline";
import { buildConnector, Pool } from "undici";
import { revealed, scrubbed, summaryOf } from "./api-key.ts";
import {
  checkedTarget,
  DEFAULT_USER_AGENT,
  type ApixoClientOptions,
  type ApixoOperation,
  type ApixoRequestEvent,
} from "./client-options.ts";
import { startDepartureWatch } from "./departure-watch.ts";
import { fetchAnswer } from "./fetch-answer.ts";
import type { Answer } from "./answer.ts";
import { postOnce } from "./post-once.ts";
import { judgeBalance, judgeStatus, type ReadVerdict } from "./read-verdict.ts";
import { submitBody } from "./submit-body.ts";
import { judgeSubmit } from "./submit-verdict.ts";
import { readTransportFailure, submitTransportFailure } from "./transport-failure.ts";

/** The provider's id of the one model that Rushes drives. */
const MODEL_ID = "kling-2-1";

/** A connection (with TLS) that takes longer than this is not going to be quick either; nothing was sent yet. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Upper bound on kept connections for polls; more polls than that wait inside the pool. */
const MAX_READ_CONNECTIONS = 128;

/** Shorter than the idle limit of common load balancers, so that we drop an idle connection before they do. */
const READ_KEEP_ALIVE_MS = 4_000;

export type ApixoClient = Provider & {
  /** Waits for what is under way (each within its own time limit), then closes every connection. */
  close(): Promise<void>;
};

/**
 * A client of APIXO's Kling 2.1 API. It connects when it is first used.
 *
 * Every method throws `Failure` and nothing else. From `generateTask`, every kind but `unconfirmed` promises that no
 * task was created; `requestLeft: false` promises that no byte was sent. There are no retries and no redirects in
 * here, and the key stands in no failure.
 */
export function createApixoClient(options: ApixoClientOptions): ApixoClient {
  const { origin, basePath } = checkedTarget(options);
  const { apiKey, submitTimeoutMs, statusTimeoutMs, submitSafety = "documented" } = options;
  const watch = startDepartureWatch();
  // Shared by all POSTs for its TLS session cache; the connections themselves are never shared.
  const connect = buildConnector({ allowH2: false, timeout: Math.min(CONNECT_TIMEOUT_MS, submitTimeoutMs) });
  const reads = new Pool(origin, {
    connections: MAX_READ_CONNECTIONS,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: Math.min(CONNECT_TIMEOUT_MS, statusTimeoutMs) },
    headersTimeout: statusTimeoutMs,
    bodyTimeout: statusTimeoutMs,
    keepAliveTimeout: READ_KEEP_ALIVE_MS,
  });
  const submits = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  function headers(): Record<string, string> {
    return {
      authorization: `Bearer ${revealed(apiKey)}`,
      "user-agent": options.userAgent ?? DEFAULT_USER_AGENT,
      accept: "application/json",
      // A compressed answer that was cut short can look whole.
      "accept-encoding": "identity",
    };
  }

  function failure(details: FailureDetails, error?: unknown): Failure {
    return new Failure({
      ...details,
      message: scrubbed(details.message, apiKey),
      ...(error === undefined ? {} : { cause: summaryOf(error, apiKey) }),
    });
  }

  function report(operation: ApixoOperation, status: ApixoRequestEvent["status"], startedAtMs: number): void {
    observed(options.onRequest, { operation, status, durationMs: performance.now() - startedAtMs });
  }

  async function submit(
    request: Parameters<Provider["generateTask"]>[0],
    maySend: () => boolean,
  ): Promise<{ taskId: string }> {
    const startedAtMs = performance.now();
    const result = await postOnce(
      {
        origin,
        path: `${basePath}/generateTask/${MODEL_ID}`,
        headers: { ...headers(), "content-type": "application/json" },
        body: submitBody(request),
        deadlineMs: submitTimeoutMs,
        maySend,
      },
      watch,
      connect,
    );
    if (!result.left || result.answer === undefined) {
      report("generateTask", result.left ? (result.httpStatus ?? "no_answer") : "not_sent", startedAtMs);
      throw failure(submitTransportFailure(result, submitTimeoutMs), result.error);
    }
    report("generateTask", result.answer.status, startedAtMs);
    const verdict = judgeSubmit(result.answer, submitSafety, Date.now());
    if (verdict.accepted) return { taskId: verdict.taskId };
    throw failure(verdict.failure);
  }

  async function read<T>(
    operation: ApixoOperation,
    path: string,
    signal: AbortSignal | undefined,
    judge: (answer: Answer) => ReadVerdict<T>,
  ): Promise<T> {
    if (closing !== undefined) throw failure(CLIENT_CLOSED);
    const startedAtMs = performance.now();
    const result = await fetchAnswer(reads, {
      path: `${basePath}${path}`,
      headers: headers(),
      deadlineMs: statusTimeoutMs,
      ...(signal === undefined ? {} : { signal }),
    });
    if (result.answer === undefined) {
      report(operation, result.httpStatus ?? "no_answer", startedAtMs);
      throw failure(readTransportFailure(result, statusTimeoutMs), result.error);
    }
    report(operation, result.answer.status, startedAtMs);
    const verdict = judge(result.answer);
    if (verdict.read) return verdict.value;
    throw failure(verdict.failure);
  }

  return {
    async generateTask(request, { maySend }) {
      if (closing !== undefined) throw failure({ ...CLIENT_CLOSED, requestLeft: false });
      const running = submit(request, maySend);
      submits.add(running);
      try {
        return await running;
      } finally {
        submits.delete(running);
      }
    },
    async statusTask(taskId, { signal } = {}) {
      const query = new URLSearchParams({ taskId }).toString();
      const task = await read("statusTask", `/statusTask/${MODEL_ID}?${query}`, signal, (answer) =>
        judgeStatus(answer, Date.now(), (state) => observed(options.onUnknownState, state)),
      );
      return task.state === "failed" ? { ...task, message: scrubbed(task.message, apiKey) } : task;
    },
    async currentBalance({ signal } = {}) {
      return read("currentBalance", "/apikeys/current-balance", signal, (answer) =>
        judgeBalance(answer, Date.now()),
      );
    },
    close() {
      closing ??= (async () => {
        await Promise.allSettled(submits);
        await reads.close();
        watch.stop();
      })();
      return closing;
    },
  };
}

const CLIENT_CLOSED: FailureDetails = {
  kind: "unavailable",
  class: "operator",
  code: "client_closed",
  message: "The client of the provider was closed; nothing was sent",
};

/** Calls an observer; whatever it throws must not stand between an answer and its record. */
function observed<T>(observer: ((value: T) => void) | undefined, value: T): void {
  try {
    observer?.(value);
  } catch {
    // Nothing sensible can be done here: the observer is told nothing more of its own failure.
  }
}
