import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { untilTrue } from "@rushes/test-rig";
import type { BucketLine, ObjectLine } from "./copy-lines.ts";
import { nameOfKey } from "./check-copies.ts";
import { contentOf, type PlannedCopy } from "./copy-plan.ts";
import type { BucketFault, BucketRequestKind, CopyWeather } from "./copy-weather.ts";
import { startLoopbackServer } from "./loopback-server.ts";

/** Moments of an upload at which a hand can be killed; `part-of-put`: half its body is here. */
export const KILL_MOMENTS = [
  "part-of-put",
  "put-stored",
  "upload-created",
  "part-of-part",
  "upload-completes",
] as const;
export type KillMoment = (typeof KILL_MOMENTS)[number];

export type FaultyBucket = {
  url: string;
  /** Called when a hand is in the middle of something; the hand is named by its access key. */
  onMoment: (moment: KillMoment, hand: string) => void;
  objects(): ObjectLine[];
  /** What happened so far, and what is open now. */
  lines(): BucketLine[];
  /** Resolves when no request is under way. */
  untilIdle(): Promise<void>;
  stop(): Promise<void>;
};

type Upload = { key: string; by: string; parts: Map<number, Buffer> };
type Asked = {
  kind: BucketRequestKind;
  key: string;
  uploadId: string;
  partNumber: number;
  isConditional: boolean;
  by: string;
};

const SLOW_MS = 300;

/**
 * An S3 server in bad weather that keeps books: what it holds, every byte that was written over another, every upload that
 * was begun and never ended. Stores whole bodies only, knows `If-None-Match`, and checks nothing else.
 */
export async function startFaultyBucket(
  copies: readonly PlannedCopy[],
  weather: CopyWeather,
): Promise<FaultyBucket> {
  const byName = new Map(copies.map((copy) => [copy.name, copy]));
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Upload>();
  const lines: BucketLine[] = [];
  let uploadsBegun = 0;
  let underWay = 0;

  function store(key: string, bytes: Buffer, by: string): void {
    const before = objects.get(key);
    if (before !== undefined)
      lines.push({
        at: Date.now(),
        event: "overwritten",
        key,
        by,
        before: sha256(before),
        after: sha256(bytes),
      });
    objects.set(key, bytes);
  }

  /** Somebody was here first. Only where nothing is, and never under a key that is a way out of such a case. */
  function plant(key: string, isOwn: boolean): void {
    const copy = byName.get(nameOfKey(key));
    if (copy === undefined || copy.flaw !== null || objects.has(key) || /-[0-9a-f]{8}\.mp4$/.test(key))
      return;
    const bytes = contentOf(isOwn ? copy.name : `somebody else's ${copy.name}`, copy.bytes);
    objects.set(key, bytes);
    lines.push({ at: Date.now(), event: "planted", key, sha256: sha256(bytes) });
  }

  const server = await startLoopbackServer(async (request, response, asksToContinue) => {
    const asked = readRequest(request);
    const { kind, key, by } = asked;
    underWay += 1;
    response.once("close", () => {
      underWay -= 1;
    });
    const { fault, draw } = weather.ofBucket(kind, key);
    // Between a look and a put without the condition nobody can help it: there a store without it is to blame.
    if ((fault === "plant-foreign" || fault === "plant-own") && (kind === "HEAD" || asked.isConditional))
      plant(key, fault === "plant-own");
    if (fault === "silent") return;
    if (fault === "slow") await sleep(SLOW_MS);
    if (fault === "reset" || fault === "reset-before-body") {
      request.socket.resetAndDestroy();
      return;
    }
    if (fault === "unknown-condition-501" && asked.isConditional) {
      refuse(response, 501, "NotImplemented");
      return;
    }
    const status = fault === null ? undefined : ERRORS[fault];
    if (status !== undefined) {
      refuse(response, ...status);
      return;
    }
    if (asked.isConditional && objects.has(key)) {
      refuse(response, 412, "PreconditionFailed");
      return;
    }
    if (asksToContinue) response.writeContinue();
    const body = await receive(request, {
      resetAt: fault === "reset-in-body" ? draw : null,
      onHalf() {
        if (kind === "PUT") bucket.onMoment("part-of-put", by);
        if (kind === "part") bucket.onMoment("part-of-part", by);
      },
    });
    if (body === null) return;
    if (fault === "error-500-after-body") refuse(response, 500, "InternalError");
    else if (fault === "error-503-after-body") refuse(response, 503, "ServiceUnavailable");
    // Another writer may have been faster while the body came.
    else if (asked.isConditional && objects.has(key)) refuse(response, 412, "PreconditionFailed");
    else answer(asked, body, fault, response);
  });

  function answer(asked: Asked, body: Buffer, fault: BucketFault | null, response: ServerResponse): void {
    const { key, uploadId, by } = asked;
    const say = (status: number, text = "", headers: Record<string, string> = {}): void => {
      if (fault === "answer-lost-after-storing") response.socket?.resetAndDestroy();
      else response.writeHead(status, headers).end(text);
    };
    const upload = uploads.get(uploadId);
    const stored = objects.get(key);
    switch (asked.kind) {
      case "HEAD":
        if (key !== "" && stored === undefined) return say(404);
        return say(200, "", { "content-length": String(stored?.length ?? 0) });
      case "GET": {
        if (stored === undefined) return refuse(response, 404, "NoSuchKey");
        response.writeHead(200, { "content-length": stored.length });
        if (fault !== "cut-body") response.end(stored);
        else response.write(stored.subarray(0, stored.length / 2), () => response.destroy());
        return;
      }
      case "PUT":
        store(key, body, by);
        bucket.onMoment("put-stored", by);
        return say(200, "", { etag: `"${sha256(body)}"` });
      case "create": {
        const id = `upload-${(uploadsBegun += 1)}`;
        uploads.set(id, { key, by, parts: new Map() });
        bucket.onMoment("upload-created", by);
        return say(
          200,
          `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
        );
      }
      case "list":
        return say(
          200,
          `<ListMultipartUploadsResult>${[...uploads]
            .filter(([, { key: one }]) => one.startsWith(key))
            .map(([id, { key: one }]) => `<Upload><Key>${one}</Key><UploadId>${id}</UploadId></Upload>`)
            .join("")}</ListMultipartUploadsResult>`,
        );
      case "part":
        if (upload === undefined) return refuse(response, 404, "NoSuchUpload");
        upload.parts.set(asked.partNumber, body);
        return say(200, "", { etag: `"${sha256(body)}"` });
      case "complete":
        if (upload === undefined) return refuse(response, 404, "NoSuchUpload");
        bucket.onMoment("upload-completes", by);
        // The head has gone out by the time a real store finds that it failed.
        if (fault === "error-in-200")
          return say(200, "<Error><Code>InternalError</Code><Message>try again</Message></Error>");
        uploads.delete(uploadId);
        store(
          key,
          Buffer.concat([...upload.parts].toSorted(([a], [b]) => a - b).map(([, part]) => part)),
          by,
        );
        return say(
          200,
          "<CompleteMultipartUploadResult><ETag>&quot;x&quot;</ETag></CompleteMultipartUploadResult>",
        );
      case "abort":
        if (!uploads.delete(uploadId)) return refuse(response, 404, "NoSuchUpload");
        return say(204);
    }
  }

  const bucket: FaultyBucket = {
    url: server.url,
    onMoment() {},
    objects: () => [...objects].map(([key, bytes]) => ({ key, bytes: bytes.length, sha256: sha256(bytes) })),
    lines: () => [
      ...lines,
      ...[...uploads.values()].map(({ key, by }) => ({
        at: Date.now(),
        event: "upload-open" as const,
        key,
        by,
      })),
    ],
    untilIdle: () => untilTrue(() => underWay === 0 || underWay),
    stop: () => server.stop(),
  };
  return bucket;
}

const ERRORS: Partial<Record<BucketFault, [status: number, code: string]>> = {
  "error-409": [409, "ConditionalRequestConflict"],
  "error-500": [500, "InternalError"],
  "error-503": [503, "ServiceUnavailable"],
  "slow-down-503": [503, "SlowDown"],
};

function readRequest(request: IncomingMessage): Asked {
  const url = new URL(request.url ?? "/", "http://bucket");
  const query = url.searchParams;
  const key = decodeURIComponent(url.pathname.split("/").slice(2).join("/"));
  const method = request.method ?? "";
  const uploadId = query.get("uploadId") ?? "";
  const kind = ((): BucketRequestKind => {
    if (method === "HEAD") return "HEAD";
    if (method === "GET") return query.has("uploads") ? "list" : "GET";
    if (method === "PUT") return uploadId === "" ? "PUT" : "part";
    if (method === "DELETE") return "abort";
    return query.has("uploads") ? "create" : "complete";
  })();
  return {
    ...{ kind, uploadId },
    key: kind === "list" ? (query.get("prefix") ?? "") : key,
    partNumber: Number(query.get("partNumber")),
    isConditional: request.headers["if-none-match"] !== undefined,
    by: /Credential=([^/]+)\//.exec(request.headers.authorization ?? "")?.[1] ?? "unknown",
  };
}

/** Null where the body did not come whole: then S3 stores nothing and there is nobody to answer. */
async function receive(
  request: IncomingMessage,
  told: { resetAt: number | null; onHalf: () => void },
): Promise<Buffer | null> {
  const announced = Number(request.headers["content-length"] ?? 0);
  const resetAt = told.resetAt === null ? Infinity : Math.floor(told.resetAt * announced);
  const chunks: Buffer[] = [];
  let received = 0;
  let isHalf = false;
  try {
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
      received += (chunk as Buffer).length;
      if (!isHalf && received * 2 >= announced) {
        isHalf = true;
        told.onHalf();
      }
      if (received >= resetAt) request.socket.resetAndDestroy();
    }
  } catch {
    return null;
  }
  if (!request.complete) return null;
  const body = Buffer.concat(chunks);
  return request.headers["content-encoding"] === "aws-chunked" ? unframed(body) : body;
}

/** The body of a client that sends its checksum behind it: `<hex>\r\n<bytes>\r\n … 0\r\n<trailer>`. */
function unframed(body: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const end = body.indexOf("\r\n", at);
    const bytes = Number.parseInt(body.toString("latin1", at, end), 16);
    if (!(bytes > 0)) break;
    chunks.push(body.subarray(end + 2, end + 2 + bytes));
    at = end + 2 + bytes + 2;
  }
  return Buffer.concat(chunks);
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/xml", connection: "close" });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>said the bucket</Message></Error>`);
}
