import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Received = { method: string; path: string; headers: Record<string, string>; body: string };

export type Receiver = {
  url: string;
  /** Whole requests, in order. */
  received: Received[];
  /** Connections that were ever opened. */
  dialled: () => number;
  stop(): Promise<void>;
};

/** A receiver on a free port of loopback that does with each whole request what the test says. */
export async function startReceiver(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Receiver> {
  const received: Received[] = [];
  let dialled = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers as Record<string, string>,
        body: Buffer.concat(chunks).toString(),
      });
      answer(request, response);
    });
  });
  server.on("connection", () => {
    dialled += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    dialled: () => dialled,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
