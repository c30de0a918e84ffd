import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export type StoredObject = { bytes: Buffer; headers: IncomingHttpHeaders };

export type StubRequest = {
  method: string;
  /** With the bucket in front. */
  path: string;
  key: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Bytes of the body that have come so far. */
  receivedBytes: number;
  /** Resolves once the request is over, whole or not. */
  over: Promise<unknown>;
};

/**
 * What a test may make of one request. `when`: before the body is asked for, or after it has come whole.
 * `reset`: the connection is dropped once that many bytes of the body are here.
 */
export type Fault =
  | { status: number; code: string; when: "before" | "after" }
  | { reset: number }
  | { silent: true };

export type BucketStub = {
  endpoint: string;
  objects: Map<string, StoredObject>;
  requests: StubRequest[];
  /** Multipart uploads begun and neither completed nor aborted, by their ids. */
  openUploads: Map<string, { key: string; parts: Map<number, Buffer> }>;
  /** Asked for each request; null = behave. */
  fault: (request: StubRequest) => Fault | null;
  /** S3's own conditional put is on unless a test turns it off. */
  knowsCondition: boolean;
  close: () => Promise<void>;
};

/** An S3 server in as many lines as the store needs, which can be told to misbehave. Stores whole bodies only. */
export async function startBucketStub(): Promise<BucketStub> {
  const sockets = new Set<Socket>();
  const server = createServer();
  const stub: BucketStub = {
    endpoint: "",
    objects: new Map(),
    requests: [],
    openUploads: new Map(),
    fault: () => null,
    knowsCondition: true,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("request", (request, response) => void serve(stub, request, response, false));
  server.on("checkContinue", (request, response) => void serve(stub, request, response, true));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stub.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return stub;
}

async function serve(
  stub: BucketStub,
  request: IncomingMessage,
  response: ServerResponse,
  asks: boolean,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://bucket");
  const [, , ...rest] = url.pathname.split("/");
  const seen: StubRequest = {
    method: request.method ?? "",
    path: decodeURIComponent(url.pathname),
    key: decodeURIComponent(rest.join("/")),
    query: url.searchParams,
    headers: request.headers,
    receivedBytes: 0,
    over: new Promise((resolve) => request.on("close", resolve)),
  };
  request.on("error", () => {});
  response.on("error", () => {});
  stub.requests.push(seen);
  const fault = stub.fault(seen);
  if (fault !== null && "silent" in fault) return;
  if (fault !== null && "status" in fault && fault.when === "before")
    return refuse(response, fault.status, fault.code);
  const refusal = precondition(stub, seen);
  if (refusal !== null) return refuse(response, ...refusal);

  if (asks) response.writeContinue();
  const body = await receive(request, seen, fault !== null && "reset" in fault ? fault.reset : Infinity);
  if (body === null) return;
  if (fault !== null && "status" in fault) return refuse(response, fault.status, fault.code);
  const lateRefusal = precondition(stub, seen);
  if (lateRefusal !== null) return refuse(response, ...lateRefusal);
  answer(stub, seen, body, response);
}

function precondition(stub: BucketStub, { method, key, headers }: StubRequest): [number, string] | null {
  if (headers["if-none-match"] === undefined || (method !== "PUT" && method !== "POST")) return null;
  if (!stub.knowsCondition) return [501, "NotImplemented"];
  return stub.objects.has(key) ? [412, "PreconditionFailed"] : null;
}

/** Null where the body did not come whole: then S3 stores nothing and there is nobody to answer. */
async function receive(
  request: IncomingMessage,
  seen: StubRequest,
  resetAtBytes: number,
): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  if (resetAtBytes === 0) request.socket.destroy();
  try {
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
      seen.receivedBytes += (chunk as Buffer).length;
      if (seen.receivedBytes >= resetAtBytes) request.socket.destroy();
    }
  } catch {
    return null;
  }
  return request.complete ? Buffer.concat(chunks) : null;
}

function answer(
  stub: BucketStub,
  { method, key, query, headers }: StubRequest,
  body: Buffer,
  response: ServerResponse,
) {
  const uploadId = query.get("uploadId");
  const etag = `"${createHash("md5").update(body).digest("hex")}"`;
  const stored = stub.objects.get(key);
  if (method === "POST" && query.has("uploads")) {
    const id = `upload-${stub.requests.length}`;
    stub.openUploads.set(id, { key, parts: new Map() });
    response.end(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
  } else if (method === "GET" && query.has("uploads")) {
    const uploads = [...stub.openUploads].filter(([, { key: one }]) =>
      one.startsWith(query.get("prefix") ?? ""),
    );
    const rows = uploads.map(
      ([id, { key: one }]) => `<Upload><Key>${one}</Key><UploadId>${id}</UploadId></Upload>`,
    );
    response.end(`<ListMultipartUploadsResult>${rows.join("")}</ListMultipartUploadsResult>`);
  } else if (uploadId !== null) {
    const parts = stub.openUploads.get(uploadId)?.parts;
    if (parts === undefined) return refuse(response, 404, "NoSuchUpload");
    if (method === "PUT") {
      parts.set(Number(query.get("partNumber")), body);
      response.writeHead(200, { etag }).end();
    } else {
      stub.openUploads.delete(uploadId);
      if (method === "DELETE") return response.writeHead(204).end();
      const bytes = Buffer.concat([...parts].toSorted(([a], [b]) => a - b).map(([, part]) => part));
      stub.objects.set(key, { bytes, headers });
      response.end(
        `<CompleteMultipartUploadResult><ETag>&quot;x&quot;</ETag></CompleteMultipartUploadResult>`,
      );
    }
  } else if (method === "PUT") {
    stub.objects.set(key, { bytes: body, headers });
    response.writeHead(200, { etag }).end();
  } else if (key === "") {
    response.writeHead(200).end();
  } else if (stored === undefined) {
    return refuse(response, 404, method === "HEAD" ? "NotFound" : "NoSuchKey");
  } else {
    response.writeHead(200, { "content-length": stored.bytes.length });
    response.end(method === "HEAD" ? undefined : stored.bytes);
  }
  return undefined;
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/xml", connection: "close" });
  // Without a code there is nothing to tell: that is how a test has the stub say 200 too early.
  response.end(
    code === ""
      ? ""
      : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>said the stub</Message></Error>`,
  );
}
