import { setTimeout as pause } from "node:timers/promises";
import { readProblem } from "./read-problem.ts";
import { repeatAfterMs } from "./repeat-rule.ts";
import { RushesError } from "./rushes-error.ts";
import { timeIsUp } from "./time-is-up.ts";

export type ClientSettings = {
  /** Where the api is: `http://127.0.0.1:8080`. */
  url: string;
  /** Unset where the api lets everyone in. */
  apiKey?: string | undefined;
  /** For one attempt, connection to last byte; 30 s unless given. */
  timeoutMs?: number | undefined;
  /** How often a request is sent at most, where it may be repeated at all; 5 unless given, 1 = never repeated. */
  maxAttempts?: number | undefined;
  /** The platform's unless given. */
  fetch?: typeof fetch | undefined;
};

export type Call = {
  method?: "GET" | "POST";
  path: string;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /**
   * Whether twice is the same as once. A request that is not repeatable is sent once, whatever comes of it.
   */
  isRepeatable: boolean;
  signal?: AbortSignal | undefined;
  /** Less than the settings allow. */
  maxAttempts?: number;
};

export type HttpCalls = {
  /** @throws RushesError, or the reason of the caller's signal */
  ask<Answer>(call: Call): Promise<Answer>;
  /** Where the api redirects this GET to. It is not followed: the key is for the api alone. */
  findLocation(call: Call): Promise<string>;
  /**
   * One attempt at a GET whose answer is read as it comes; the caller's signal ends it. Any status but 200 is an answer
   * without a body.
   */
  openStream(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response>;
  fetch: typeof fetch;
  maxAttempts: number;
};

const TIMEOUT_MS = 30_000;
const MAX_ATTEMPTS = 5;
const USER_AGENT = "rushes-client/0.1";

/** Requests to the api, repeated where that is safe and may help. */
export function createHttpCalls(settings: ClientSettings): HttpCalls {
  const { apiKey, timeoutMs = TIMEOUT_MS, maxAttempts = MAX_ATTEMPTS } = settings;
  const url = readUrl(settings.url);
  // Looked up at each call, so that what a program puts in its place later counts.
  const fetchNow: typeof fetch = (input, init) => (settings.fetch ?? fetch)(input, init);
  const ownHeaders = {
    "user-agent": USER_AGENT,
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
  };

  async function attempt({ method = "GET", path, body, headers, signal }: Call): Promise<Answered> {
    const late = timeIsUp(timeoutMs);
    try {
      const response = await fetchNow(`${url}${path}`, {
        method,
        headers: {
          ...ownHeaders,
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
        // A redirect would take the order and the key wherever it points to.
        redirect: "manual",
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      });
      return { response, text: await response.text() };
    } catch (error) {
      signal?.throwIfAborted();
      if (late.aborted) {
        const message = `The api at ${url} has not answered within ${timeoutMs / 1000} s.`;
        throw new RushesError("timeout", message, { isUnsure: true, cause: error });
      }
      const message = `The api at ${url} cannot be reached (${reasonOf(error)}).`;
      throw new RushesError("unreachable", message, { isUnsure: true, cause: error });
    }
  }

  /** Repeats `once` by the rule. A call that must not be repeated has one attempt. */
  async function repeat<Answer>(call: Call, once: () => Promise<Answer>): Promise<Answer> {
    const most = call.isRepeatable ? Math.min(call.maxAttempts ?? maxAttempts, maxAttempts) : 1;
    for (let failed = 1; ; failed += 1) {
      try {
        return await once();
      } catch (error) {
        if (!(error instanceof RushesError)) throw error;
        const againMs = repeatAfterMs(error, failed, most, Math.random);
        if (againMs === null) throw error;
        await pauseUnlessAborted(againMs, call.signal);
      }
    }
  }

  return {
    fetch: fetchNow,
    maxAttempts,
    ask: <Answer>(call: Call) =>
      repeat(call, async () => {
        const { response, text } = await attempt(call);
        if (!response.ok) throw readProblem(response, text);
        return readJson(response, text) as Answer;
      }),
    findLocation: (call) =>
      repeat(call, async () => {
        const { response, text } = await attempt(call);
        const location = response.headers.get("location");
        if (response.status === 302 && location !== null) return new URL(location, url).href;
        throw readProblem(response, text);
      }),
    openStream: (path, headers, signal) =>
      fetchNow(`${url}${path}`, {
        headers: { ...ownHeaders, accept: "text/event-stream", ...headers },
        redirect: "manual",
        signal,
      }),
  };
}

type Answered = { response: Response; text: string };

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw new TypeError("url must be the http or https address of the api, without user name and password");
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** A signal that is aborted ends the pause with its own reason. */
export async function pauseUnlessAborted(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pause(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** `fetch` hides the network's own code behind its cause. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  const { code, message } = (cause ?? error) as { code?: string; message?: string };
  return code ?? message ?? "unknown";
}

function readJson(response: Response, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new RushesError("unexpected_answer", "What answers is not the api: its answer is not JSON.", {
      status: response.status,
      requestId: response.headers.get("x-request-id"),
      isUnsure: true,
      cause: error,
    });
  }
}
