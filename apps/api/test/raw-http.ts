import { connect, type Socket } from "node:net";

/** A connection that speaks bytes, for requests that no client would send. */
export type RawConnection = {
  socket: Socket;
  send(text: string): void;
  /** What came so far. */
  text(): string;
  /** Resolves when the other side has ended the connection. */
  ended: Promise<void>;
};

export async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect({ host: "127.0.0.1", port });
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let text = "";
  socket.once("connect", opened.resolve);
  socket.once("error", opened.reject);
  socket.on("error", () => ended.resolve());
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  socket.once("close", () => ended.resolve());
  await opened.promise;
  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    text: () => text,
    ended: ended.promise,
  };
}
