import type { Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ApixoRequestEvent } from "../src/index.ts";
import { CANARY_KEY, clientOf, failureOf } from "./clients.ts";
import {
  closedPort,
  closeOf,
  onceRequestRead,
  startHttpServer,
  startTcpServer,
  type Listening,
} from "./listening-server.ts";

const RUNNING = '{"code":200,"message":"success","data":{"taskId":"task_1","state":"processing"}}';

async function stopped(server: Promise<Listening>): Promise<Listening> {
  const started = await server;
  onTestFinished(() => started.stop());
  return started;
}

async function afterRequest(then: (socket: Socket) => void): Promise<Listening> {
  return stopped(startTcpServer((socket) => onceRequestRead(socket, () => then(socket))));
}

describe("statusTask and currentBalance", () => {
  it("ask as the provider documents it, over a connection that is kept", async () => {
    const requests: unknown[] = [];
    const server = await stopped(
      startHttpServer((request, response) => {
        requests.push([
          request.method,
          request.url,
          request.headers.authorization,
          request.headers["user-agent"],
        ]);
        response.end(request.url?.includes("balance") ? '{"code":200,"message":"","data":74.87}' : RUNNING);
      }),
    );
    const client = clientOf(`${server.url}/api/v1`, { userAgent: "tests/1" });
    await client.statusTask("task_1");
    await client.statusTask("a/b&c=d e+ü");
    expect(await client.currentBalance()).toBe(74_870_000);
    await client.statusTask("task_1");
    expect(requests).toEqual(
      [
        "/api/v1/statusTask/kling-2-1?taskId=task_1",
        "/api/v1/statusTask/kling-2-1?taskId=a%2Fb%26c%3Dd+e%2B%C3%BC",
        "/api/v1/apikeys/current-balance",
        "/api/v1/statusTask/kling-2-1?taskId=task_1",
      ].map((url) => ["GET", url, `Bearer ${CANARY_KEY}`, "tests/1"]),
    );
    // undici's pool opens a second one when a call follows the last within the same turn.
    expect(server.connections()).toBeLessThan(3);
  });

  it.each([
    ["closed", (socket: Socket) => socket.end()],
    ["reset", (socket: Socket) => socket.resetAndDestroy()],
    ["cut", (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{")],
  ])("are unavailable when the connection is %s", async (_how, then) => {
    const server = await afterRequest(then);
    expect(await failureOf(clientOf(server.url).statusTask("task_1"))).toMatchObject({
      kind: "unavailable",
      code: "answer_lost",
    });
  });

  it("are unavailable when nobody listens", async () => {
    const client = clientOf(`http://127.0.0.1:${await closedPort()}`);
    expect(await failureOf(client.currentBalance())).toMatchObject({
      kind: "unavailable",
      cause: { code: "ECONNREFUSED" },
    });
  });

  it("are unavailable when no whole answer comes in time", async () => {
    const server = await afterRequest((socket) =>
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"),
    );
    const client = clientOf(server.url, { statusTimeoutMs: 300 });
    expect(await failureOf(client.statusTask("task_1"))).toMatchObject({
      kind: "unavailable",
      code: "answer_timeout",
      httpStatus: 200,
    });
  });

  it("are unavailable when the answer has no end", async () => {
    let closed: Promise<void> | undefined;
    const server = await afterRequest((socket) => {
      closed = closeOf(socket);
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.write(Buffer.alloc(8 * 1024 * 1024, 32));
    });
    expect(await failureOf(clientOf(server.url).statusTask("task_1"))).toMatchObject({
      kind: "unavailable",
      code: "answer_too_large",
    });
    await closed;
  });

  it("stop when the caller does", async () => {
    const controller = new AbortController();
    const server = await afterRequest(() => controller.abort());
    const call = clientOf(server.url).statusTask("task_1", { signal: controller.signal });
    expect(await failureOf(call)).toMatchObject({ kind: "unavailable", code: "aborted" });
    const again = clientOf(server.url).currentBalance({ signal: controller.signal });
    expect(await failureOf(again)).toMatchObject({ kind: "unavailable", code: "aborted" });
  });

  it("never carry the key along a redirect", async () => {
    const target = await stopped(startHttpServer((_request, response) => response.end(RUNNING)));
    const server = await stopped(
      startHttpServer((_request, response) => response.writeHead(302, { location: target.url }).end()),
    );
    expect(await failureOf(clientOf(server.url).statusTask("task_1"))).toMatchObject({ kind: "unavailable" });
    expect(target.connections()).toBe(0);
  });

  it("tell the observers, and survive observers that break", async () => {
    const events: ApixoRequestEvent[] = [];
    const server = await stopped(
      startHttpServer((_request, response) => response.end(RUNNING.replace("processing", "dreaming"))),
    );
    const client = clientOf(server.url, {
      onRequest: (event) => void events.push(event),
      onUnknownState: () => {
        throw new Error("metrics are down");
      },
    });
    expect(await client.statusTask("task_1")).toEqual({ state: "running", providerState: "dreaming" });
    expect(events).toEqual([{ operation: "statusTask", status: 200, durationMs: expect.any(Number) }]);
  });
});
