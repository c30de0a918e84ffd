import type { Socket } from "node:net";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { CANARY_KEY, clientOf, failureOf, ORDER, YES } from "./clients.ts";
import { closedPort, onceRequestRead, startTcpServer } from "./listening-server.ts";

/** Every way in which an error could be printed, logged or stored. */
function everythingOf(error: Error): string {
  return [
    error.message,
    error.stack,
    String(error),
    JSON.stringify(error),
    JSON.stringify(error, Object.getOwnPropertyNames(error)),
    inspect(error, { depth: Infinity, showHidden: true, getters: true, maxStringLength: null }),
  ].join("\n");
}

const UNAUTHORIZED = `{"code":401,"msg":"Invalid API key ${CANARY_KEY}","data":{"error":"${CANARY_KEY}"}}`;
const FAILED = `{"code":200,"data":{"state":"failed","failCode":"x","failMsg":"key ${CANARY_KEY}"}}`;

/** Servers that show the key back, each in another place. */
const echoes: [string, (socket: Socket, request: string) => void][] = [
  ["in a refusal", (socket) => socket.end(`HTTP/1.1 401 Unauthorized\r\n\r\n${UNAUTHORIZED}`)],
  ["in an unreadable answer", (socket, request) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${request}`)],
  [
    "across the cut of a long answer",
    (socket) => socket.end(`HTTP/1.1 502 Bad\r\n\r\n${CANARY_KEY.repeat(90)}`),
  ],
  ["in something that is not HTTP", (socket, request) => socket.end(request)],
  ["in a header that cannot be parsed", (socket) => socket.end(`HTTP/1.1 200 OK\r\n${CANARY_KEY}\r\n\r\n`)],
  ["in the reason of the status", (socket) => socket.end(`HTTP/1.1 500 ${CANARY_KEY}\r\n\r\n`)],
  ["in a redirect", (socket) => socket.end(`HTTP/1.1 307 Go\r\nlocation: /${CANARY_KEY}\r\n\r\n`)],
  [
    "in an answer that is cut",
    (socket) => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n${CANARY_KEY}`),
  ],
  ["nowhere, and resets", (socket) => socket.resetAndDestroy()],
];

describe("the API key", () => {
  it.each(echoes)("is in no failure when the other side shows it %s", async (_where, answer) => {
    const received: string[] = [];
    const server = await startTcpServer((socket) =>
      onceRequestRead(socket, (request) => {
        received.push(request);
        answer(socket, request);
      }),
    );
    onTestFinished(() => server.stop());
    const client = clientOf(server.url);
    for (const call of [
      client.generateTask(ORDER, YES),
      client.statusTask("task_1"),
      client.currentBalance(),
    ]) {
      expect(everythingOf(await failureOf(call))).not.toContain(CANARY_KEY);
    }
    // The key did reach the other side, so it was there to be shown.
    expect(received).toHaveLength(3);
    for (const request of received) expect(request).toContain(CANARY_KEY);
  });

  it("is in no failure when nothing is sent", async () => {
    const client = clientOf(`http://127.0.0.1:${await closedPort()}`);
    expect(everythingOf(await failureOf(client.generateTask(ORDER, YES)))).not.toContain(CANARY_KEY);
    expect(everythingOf(await failureOf(client.statusTask("task_1")))).not.toContain(CANARY_KEY);
  });

  it("is in no report of a failed task", async () => {
    const server = await startTcpServer((socket) =>
      onceRequestRead(socket, () => socket.end(`HTTP/1.1 200 OK\r\n\r\n${FAILED}`)),
    );
    onTestFinished(() => server.stop());
    expect(JSON.stringify(await clientOf(server.url).statusTask("task_1"))).not.toContain(CANARY_KEY);
  });

  it("cannot be read off the client", () => {
    const client = clientOf("http://127.0.0.1:9");
    expect(inspect(client, { depth: Infinity, showHidden: true })).not.toContain(CANARY_KEY);
  });

  it("would be found by this test if a failure carried it in its cause", () => {
    const error = new Error("bad", { cause: { request: { headers: [["authorization", CANARY_KEY]] } } });
    expect(everythingOf(error)).toContain(CANARY_KEY);
  });
});
