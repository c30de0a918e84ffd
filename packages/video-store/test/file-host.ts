import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export type FileHost = {
  /** Without a slash at the end. */
  url: string;
  port: number;
  requests: IncomingMessage[];
  /** TCP connections ever accepted. */
  connections: () => number;
  close: () => Promise<void>;
};

/** A result host that answers as the test tells it. */
export async function startFileHost(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  host = "127.0.0.1",
): Promise<FileHost> {
  const requests: IncomingMessage[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  server.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    port,
    requests,
    connections: () => connections,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Serves one file like an honest host: length, strong ETag, ranges under `If-Range`. */
export function serveFile(bytes: Buffer, etag = '"v1"') {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const from = rangeStart(request);
    const headers = { "content-type": "video/mp4", etag, "accept-ranges": "bytes" };
    if (from !== null && request.headers["if-range"] === etag) {
      const contentRange = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
      response.writeHead(206, {
        ...headers,
        "content-range": contentRange,
        "content-length": bytes.length - from,
      });
      response.end(bytes.subarray(from));
      return;
    }
    response.writeHead(200, { ...headers, "content-length": bytes.length });
    response.end(bytes);
  };
}

/** Sends the head and the first `sentBytes` of a body of the announced length, then drops the connection. */
export function cutAfter(response: ServerResponse, bytes: Buffer, sentBytes: number, etag?: string): void {
  response.writeHead(200, { "content-length": bytes.length, ...(etag === undefined ? {} : { etag }) });
  response.write(bytes.subarray(0, sentBytes), () => response.destroy());
}

export function rangeStart(request: IncomingMessage): number | null {
  const match = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
  return match?.[1] === undefined ? null : Number(match[1]);
}
