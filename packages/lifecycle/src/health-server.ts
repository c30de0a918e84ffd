import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { finished } from "node:stream/promises";
import { answerProbe, type Probe } from "./check.ts";

/** Long enough for a slow Redis to answer a PING, short enough for whoever waits for the probe. */
const PROBE_PATIENCE_MS = 2000;

export type HealthServerOptions = {
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** Whether the process still works; false makes an orchestrator restart it. */
  live: Probe;
  /** Whether it may be given work; must turn false while it stops. */
  ready: Probe;
  metrics?: () => Promise<{ contentType: string; body: string }>;
  /** How long a probe may take before it counts as not ok; the default is `PROBE_PATIENCE_MS`. */
  patienceMs?: number;
};

export type HealthServer = {
  port: number;
  /** Finishes the answers in hand, then closes. Cuts them short when the signal fires. */
  stop(signal?: AbortSignal): Promise<void>;
};

type Answer = { httpStatus: number; contentType: string; body: string };

/**
 * Serves `/livez`, `/readyz` (200, or 503 with a small JSON that names what is wrong) and `/metrics` to GET and
 * HEAD; everything else is 404. Resolves once it listens; rejects when the address cannot be had.
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const answers = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const answering = answer(options, request, response)
      // Nobody waits for an answer whose connection is gone.
      .catch(() => void response.destroy())
      .finally(() => answers.delete(answering));
    answers.add(answering);
  });
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(options.port, options.host, listening.resolve);
  await listening.promise;

  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    async stop(signal) {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      const cut = () => server.closeAllConnections();
      signal?.addEventListener("abort", cut, { once: true });
      if (signal?.aborted) cut();
      await Promise.all(answers);
      // Connections that are kept alive, or never sent a whole request, would hold the server for a minute.
      cut();
      await closed.promise;
      signal?.removeEventListener("abort", cut);
    },
  };
}

async function answer(
  options: HealthServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { httpStatus, contentType, body } = await answerFor(options, request);
  response.writeHead(httpStatus, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  response.end(request.method === "HEAD" ? undefined : body);
  await finished(response);
}

async function answerFor(options: HealthServerOptions, request: IncomingMessage): Promise<Answer> {
  const path = request.method === "GET" || request.method === "HEAD" ? request.url?.split("?")[0] : undefined;
  if (path === "/livez") return probed(options.live, options.patienceMs);
  if (path === "/readyz") return probed(options.ready, options.patienceMs);
  if (path === "/metrics" && options.metrics !== undefined) return scraped(options.metrics);
  return json(404, { status: "not found" });
}

async function probed(probe: Probe, patienceMs = PROBE_PATIENCE_MS): Promise<Answer> {
  const { httpStatus, body } = await answerProbe(probe, patienceMs);
  return json(httpStatus, body);
}

async function scraped(metrics: NonNullable<HealthServerOptions["metrics"]>): Promise<Answer> {
  try {
    return { httpStatus: 200, ...(await metrics()) };
  } catch {
    return json(500, { status: "metrics could not be read" });
  }
}

function json(httpStatus: number, body: unknown): Answer {
  return { httpStatus, contentType: "application/json", body: JSON.stringify(body) };
}
