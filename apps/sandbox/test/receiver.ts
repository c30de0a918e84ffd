import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A receiver of callbacks that remembers what came and answers as it is told. */
export type Receiver = {
  /** A callback URL whose last part is the token. */
  url: string;
  received: { path: string; body: string; state: unknown; taskId: unknown; time: number }[];
  /** The status of the nth answer, from 1; null never answers. */
  answer: (nth: number) => number | null;
  stop(): Promise<void>;
};

export async function startReceiver(): Promise<Receiver> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => (body += piece));
    request.on("end", () => {
      const data = dataOf(body);
      receiver.received.push({
        path: request.url ?? "",
        body,
        state: data["state"],
        taskId: data["taskId"],
        time: Date.now(),
      });
      const status = receiver.answer(receiver.received.length);
      if (status !== null) response.writeHead(status, { location: "/elsewhere" }).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callbacks/t0ken`,
    received: [],
    answer: () => 200,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return receiver;
}

function dataOf(body: string): Record<string, unknown> {
  try {
    return (JSON.parse(body) as { data: Record<string, unknown> }).data;
  } catch {
    return {};
  }
}
