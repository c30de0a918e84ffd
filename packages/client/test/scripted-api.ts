import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Phase, Video } from "../src/index.ts";

export type Seen = { method: string; path: string; headers: IncomingMessage["headers"]; body: string };

/** Answers one request; the last one of a script answers all that follow. */
export type Reply = (response: ServerResponse, seen: Seen) => void;

export type ScriptedApi = {
  url: string;
  /** Every request so far. */
  seen: Seen[];
  stop(): Promise<void>;
};

/** A server on loopback that answers by a script, whatever it is asked. */
export async function startScriptedApi(...script: [Reply, ...Reply[]]): Promise<ScriptedApi> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(one);
      const reply = script.length > 1 ? script.shift() : script[0];
      reply?.(response, one);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return (response) =>
    void response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(JSON.stringify(value));
}

export function problem(
  status: number,
  code: string,
  rest: object = {},
  headers: Record<string, string> = {},
): Reply {
  return json({ title: "No", detail: "Not now.", status, code, ...rest }, status, headers);
}

export const breakOff: Reply = (response) => void response.socket?.resetAndDestroy();

/** As little of a video as these tests look at. */
export function video(phase: Phase, id = "vid_1"): Pick<Video, "id" | "phase" | "status" | "output"> {
  const isPlain = phase === "queued" || phase === "completed" || phase === "failed" || phase === "cancelled";
  return { id, phase, status: isPlain ? phase : "in_progress", output: [] };
}
