import { connect } from "node:net";

/**
 * Sends one PING over a connection of its own and answers what came back: `+PONG`, `-LOADING …`, or the reason why
 * nothing did. A plain socket, so that waiting for a server needs no client with opinions about reconnecting.
 */
export function pingRedis(port: number, timeoutMs = 1000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const finish = (answer: string) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => finish("no answer"));
    socket.once("error", (error) => finish(error.message));
    socket.once("close", () => finish("connection closed"));
    socket.once("data", (data) => finish(data.toString("latin1").trim()));
    socket.write("PING\r\n");
  });
}
