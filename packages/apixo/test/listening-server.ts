import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";

export type Listening = {
  port: number;
  url: string;
  /** Connections accepted so far. */
  connections(): number;
  stop(): Promise<void>;
};

/** A raw TCP server on a free loopback port, so that a test can misbehave byte by byte. */
export async function startTcpServer(onConnection: (socket: Socket) => void): Promise<Listening> {
  return listening(
    createTcpServer((socket) => {
      // Resets are what these servers are for.
      socket.on("error", () => {});
      onConnection(socket);
    }),
  );
}

export async function startHttpServer(onRequest: RequestListener): Promise<Listening> {
  return listening(createHttpServer(onRequest));
}

async function listening(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    connections: () => connections,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Calls back with the text of one whole request (its body has a `content-length`), then no more. */
export function onceRequestRead(socket: Socket, callback: (request: string) => void): void {
  let text = "";
  const onData = (chunk: Buffer): void => {
    text += chunk.toString("latin1");
    const headEnd = text.indexOf("\r\n\r\n");
    if (headEnd === -1) return;
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (text.length < headEnd + 4 + length) return;
    socket.off("data", onData);
    callback(text);
  };
  socket.on("data", onData);
}

/** Resolves when the socket is closed, with or without an error. */
export function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once("close", () => resolve()));
}

/** A loopback port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = await startTcpServer(() => {});
  await server.stop();
  return server.port;
}
