import type { LookupFunction } from "node:net";
import { createDialGuard, isPublicAddress } from "@rushes/guarded-dial";
import type { WebhookAnswer, WebhookRequest, Webhooks } from "@rushes/pipeline";
import { Agent, request, type Dispatcher } from "undici";
import { readExcerpt } from "./excerpt.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { signedHeaders } from "./signature.ts";

/** Standard Webhooks advises 15 to 30 s; a receiver should answer first and work later. */
const TIMEOUT_MS = 15_000;
const USER_AGENT = "rushes-webhooks/0.1";

export type WebhookSenderSettings = {
  /** One signature each; see `parseWebhookSecrets`. */
  keys: readonly Uint8Array[];
  /** Allows http and addresses that are not public. For receivers on the same machine only. */
  allowPrivate: boolean;
  /** For connection, request and answer together; 15 s unless given. */
  timeoutMs?: number;
  /** How names are resolved; the system's resolver when left out. */
  lookup?: LookupFunction;
  /** Certificates to trust instead of the system's. */
  ca?: string;
};

export type WebhookSender = Webhooks & {
  /** Breaks off what is under way and closes all connections. */
  close(): Promise<void>;
};

/** A URL that we will not dial. Nothing was sent. */
class ForbiddenUrl extends Error {}

/**
 * Sends webhooks: one POST each, on a connection of its own (receivers are many, and a kept connection that the other
 * side has dropped would look like a failure). Redirects are not followed: they could lead the signed body anywhere.
 */
export function openWebhookSender(settings: WebhookSenderSettings): WebhookSender {
  const { keys, timeoutMs = TIMEOUT_MS } = settings;
  const guard = createDialGuard({
    subject: "webhook",
    refusal: (message) => new ForbiddenUrl(message),
    schemes: settings.allowPrivate ? ["https:", "http:"] : ["https:"],
    permitsAddress: settings.allowPrivate ? () => true : isPublicAddress,
    ...(settings.lookup === undefined ? {} : { lookup: settings.lookup }),
    ...(settings.ca === undefined ? {} : { ca: settings.ca }),
  });
  const dispatcher = new Agent({ connect: guard.connect, allowH2: false });

  async function post(webhook: WebhookRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    return await request(guard.checkUrl(webhook.url), {
      dispatcher,
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        ...signedHeaders(webhook, keys),
      },
      body: webhook.body,
      reset: true,
      signal,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  }

  return {
    async deliver(webhook): Promise<WebhookAnswer> {
      const startedMs = performance.now();
      const durationMs = (): number => Math.round(performance.now() - startedMs);
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const { statusCode: status, headers, body } = await inTime(post(webhook, signal), signal);
        const excerpt = await readExcerpt(body);
        const header = headers["retry-after"];
        const retryAfterMs = parseRetryAfter(Array.isArray(header) ? header[0] : header, Date.now());
        return {
          kind: "answered",
          status,
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
          excerpt,
          durationMs: durationMs(),
        };
      } catch (error) {
        return { kind: "unanswered", ...reasonOf(error, signal, timeoutMs), durationMs: durationMs() };
      }
    },

    close: () => dispatcher.destroy(),
  };
}

/** A request that waits for its connection does not hear the signal; it is not sent any more once it has one. */
async function inTime<Answer>(answer: Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new Error("the time is up"));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([answer, late]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** What the caller sees in the delivery log; texts of the network's errors would name inner addresses. */
function reasonOf(error: unknown, signal: AbortSignal, timeoutMs: number): { code: string; message: string } {
  if (error instanceof ForbiddenUrl) return { code: "webhook_url_forbidden", message: error.message };
  if (signal.aborted)
    return { code: "timeout", message: `there was no answer within ${timeoutMs / 1000} seconds` };
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return { code: "unreachable", message: `there was no answer (${code ?? "unknown"})` };
}
