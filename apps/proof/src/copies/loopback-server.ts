import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export type LoopbackServer = {
  url: string;
  /** Connections ever accepted. */
  connections(): number;
  stop(): Promise<void>;
};

/** A server whose answers may stop anywhere; what is left of them ends with it. */
export async function startLoopbackServer(
  serve: (request: IncomingMessage, response: ServerResponse, asksToContinue: boolean) => Promise<void>,
  host = "127.0.0.1",
): Promise<LoopbackServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ keepAliveTimeout: 30_000 });
  const answer = (asks: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    request.on("error", () => {});
    response.on("error", () => {});
    void serve(request, response, asks).catch(() => response.destroy());
  };
  server.on("request", answer(false));
  server.on("checkContinue", answer(true));
  server.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, "listening");
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
