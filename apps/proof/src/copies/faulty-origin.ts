import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { contentOf, MOST_BYTES, type PlannedCopy } from "./copy-plan.ts";
import type { CopyWeather, DownloadFault } from "./copy-weather.ts";
import { startLoopbackServer, type LoopbackServer } from "./loopback-server.ts";

const DRIP_EVERY_MS = 100;
/** By then whoever reads a drip should have lost patience. */
const DRIP_BYTES = 200;
/** Where a host on a cloud machine finds its own secrets. */
const METADATA_URL = "http://169.254.169.254/latest/meta-data/";

/** How often the provider has named a file's URL anew is part of the URL; see `createResultHost`. */
export function resultUrl(base: string, name: string, issue: number): string {
  return `${base}/results/${name}.mp4?issue=${issue}`;
}

/**
 * The provider's host of result files, in bad weather. An expired URL stays expired, and one that was issued later works.
 * `trapUrl` is where redirects into private networks lead.
 */
export async function startFaultyOrigin(
  copies: readonly PlannedCopy[],
  weather: CopyWeather,
  trapUrl: string,
): Promise<LoopbackServer> {
  const byName = new Map(copies.map((copy) => [copy.name, copy]));
  /** Issues up to this one are expired, and the status that says so. */
  const expired = new Map<string, { issue: number; status: number }>();

  return await startLoopbackServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://origin");
    const name = /^\/(?:results|moved)\/(.+)\.mp4$/.exec(url.pathname)?.[1] ?? "";
    const copy = byName.get(name);
    if (copy === undefined) {
      response.writeHead(404).end();
      return;
    }
    const issue = Number(url.searchParams.get("issue"));
    const past = expired.get(name);
    if (past !== undefined && issue <= past.issue) {
      response.writeHead(past.status).end();
      return;
    }
    if (copy.flaw !== null) {
      await serveFlawed(copy, response);
      return;
    }
    const { fault, draw } = url.pathname.startsWith("/moved/")
      ? { fault: null, draw: 0 }
      : weather.ofDownload(name);
    if (fault === null) {
      serveWhole(request, response, copy, contentOf(name, copy.bytes));
      return;
    }
    const expiry = /^expired-(\d+)$/.exec(fault)?.[1];
    if (expiry !== undefined) {
      expired.set(name, { issue, status: Number(expiry) });
      response.writeHead(Number(expiry)).end();
      return;
    }
    await SERVE[fault as Exclude<DownloadFault, Expiry>]({
      ...{ request, response, copy, draw, trapUrl },
      content: contentOf(name, copy.bytes),
      movedPath: `/moved/${name}.mp4?issue=${issue}`,
    });
  });
}

type Expiry = Extract<DownloadFault, `expired-${string}`>;
type Served = {
  request: IncomingMessage;
  response: ServerResponse;
  copy: PlannedCopy;
  content: Buffer;
  draw: number;
  trapUrl: string;
  movedPath: string;
};

/** As an honest host: length, strong ETag, the rest under `If-Range`. */
function serveWhole(
  request: IncomingMessage,
  response: ServerResponse,
  { name }: PlannedCopy,
  content: Buffer,
  cutAt = content.length,
): void {
  const etag = `"${name}"`;
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const begin = request.headers["if-range"] === etag ? from : 0;
  response.writeHead(begin > 0 ? 206 : 200, {
    "content-type": "video/mp4",
    "content-length": content.length - begin,
    "accept-ranges": "bytes",
    etag,
    ...(begin > 0 ? { "content-range": `bytes ${begin}-${content.length - 1}/${content.length}` } : {}),
  });
  sendCut(response, content.subarray(begin, Math.max(begin, cutAt)), cutAt < content.length);
}

function sendCut(response: ServerResponse, part: Buffer, isCut: boolean): void {
  if (!isCut) response.end(part);
  else response.write(part, () => response.destroy());
}

/** Without a length and without chunks: the body ends with the connection. */
function serveToTheEnd(response: ServerResponse, body: Buffer, headers: Record<string, string> = {}): void {
  response.removeHeader("transfer-encoding");
  response.shouldKeepAlive = false;
  response.writeHead(200, { "content-type": "video/mp4", connection: "close", ...headers });
  response.end(body);
}

const cutPlace = ({ content, draw }: Served): number => 1 + Math.floor(draw * (content.length - 1));
const cutPart = (served: Served): Buffer => served.content.subarray(0, cutPlace(served));
const video = { "content-type": "video/mp4" };

const SERVE: Record<Exclude<DownloadFault, Expiry>, (served: Served) => Promise<void> | void> = {
  cut: (served) => serveWhole(served.request, served.response, served.copy, served.content, cutPlace(served)),
  "cut-without-validator"(served) {
    served.response.writeHead(200, { ...video, "content-length": served.content.length });
    sendCut(served.response, cutPart(served), true);
  },
  "cut-without-length": (served) => serveToTheEnd(served.response, cutPart(served)),
  "cut-in-chunks"(served) {
    served.response.writeHead(200, video);
    sendCut(served.response, cutPart(served), true);
  },
  "announced-longer"(served) {
    served.response.writeHead(200, { ...video, "content-length": served.content.length + 1_000 });
    sendCut(served.response, served.content, true);
  },
  "announced-shorter"(served) {
    const part = cutPart(served);
    served.response.writeHead(200, { ...video, "content-length": part.length }).end(part);
  },
  "cut-gzip"(served) {
    const zipped = gzipSync(served.content, { level: 1 });
    const half = zipped.subarray(0, Math.floor(zipped.length / 2));
    served.response.writeHead(200, { ...video, "content-encoding": "gzip", "content-length": half.length });
    served.response.end(half);
  },
  "whole-gzip"(served) {
    served.response.writeHead(200, { ...video, "content-encoding": "gzip" });
    served.response.end(gzipSync(served.content, { level: 1 }));
  },
  "without-length": (served) => serveToTheEnd(served.response, served.content),
  "in-chunks"(served) {
    served.response.writeHead(200, video);
    served.response.write(served.content.subarray(0, 1));
    served.response.end(served.content.subarray(1));
  },
  async drip(served) {
    served.response.writeHead(200, { ...video, "content-length": served.content.length });
    for (let at = 0; at < DRIP_BYTES && !served.response.destroyed; at += 1) {
      served.response.write(served.content.subarray(at, at + 1));
      await sleep(DRIP_EVERY_MS);
    }
    served.response.destroy();
  },
  silent() {},
  "redirect-to-private"(served) {
    served.response.writeHead(302, { location: `${served.trapUrl}/secret.mp4` }).end();
  },
  "redirect-to-metadata"(served) {
    served.response.writeHead(307, { location: METADATA_URL }).end();
  },
  "redirect-in-circles"(served) {
    // Back to itself: whoever follows meets new weather each time, until it has followed often enough.
    served.response.writeHead(302, { location: served.request.url ?? "/" }).end();
  },
  "redirect-once"(served) {
    served.response.writeHead(302, { location: served.movedPath }).end();
  },
  "wrong-type"(served) {
    served.response.writeHead(200, { "content-type": "text/html" }).end("<html>Please come again.</html>");
  },
  empty(served) {
    served.response.writeHead(200, { ...video, "content-length": 0 }).end();
  },
  "too-large"(served) {
    served.response.writeHead(200, { ...video, "content-length": MOST_BYTES + 1 });
    served.response.write(served.content);
  },
  "too-large-in-chunks"(served) {
    served.response.writeHead(200, video);
    served.response.end(contentOf(served.copy.name, MOST_BYTES + 1));
  },
  "reset-before-head"(served) {
    served.response.socket?.resetAndDestroy();
  },
  "reset-after-head"(served) {
    served.response.writeHead(200, { ...video, "content-length": served.content.length });
    served.response.flushHeaders();
    served.response.socket?.resetAndDestroy();
  },
  "error-500": ({ response }) => void response.writeHead(500).end(),
  "error-503": ({ response }) => void response.writeHead(503, { "retry-after": "1" }).end(),
  "error-429": ({ response }) => void response.writeHead(429).end(),
};

async function serveFlawed({ name, bytes, flaw }: PlannedCopy, response: ServerResponse): Promise<void> {
  if (flaw === "no-video") {
    response.writeHead(200, { "content-type": "video/mp4", "content-length": 17 }).end("this is no video.");
    return;
  }
  response.writeHead(200, { "content-type": "video/mp4", "content-length": bytes });
  response.end(contentOf(name, bytes));
}
