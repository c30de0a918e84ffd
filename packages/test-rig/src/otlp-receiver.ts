import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { readOtlp, type ReceivedSpan } from "./otlp-message.ts";

export type OtlpReceiver = {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  endpoint: string;
  /** Everything that was received, in order of arrival. */
  spans: ReceivedSpan[];
  /** The bodies as they came, for whoever looks for what must not be in them; and the headers that came with each. */
  bodies: Buffer[];
  headers: Record<string, unknown>[];
  /** What could not be read. */
  problems: unknown[];
  /** How requests are answered from now on: taken, refused for good, or never. */
  mood: "takes" | "refuses" | "hangs";
  stop(): Promise<void>;
};

/** A collector in this process: takes traces over OTLP/HTTP, as JSON or as protobuf, and keeps them in memory. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (receiver.mood === "hangs") return;
      if (receiver.mood === "refuses") return void response.writeHead(400).end();
      const sent = Buffer.concat(chunks);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
      receiver.bodies.push(body);
      receiver.headers.push(request.headers);
      try {
        if (request.method !== "POST" || request.url !== "/v1/traces") throw new Error(String(request.url));
        receiver.spans.push(...readOtlp(request.headers["content-type"], body));
        response.writeHead(200, { "content-type": String(request.headers["content-type"]) }).end();
      } catch (error) {
        receiver.problems.push(error);
        response.writeHead(400).end();
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const receiver: OtlpReceiver = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: [],
    bodies: [],
    headers: [],
    problems: [],
    mood: "takes",
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return receiver;
}
