import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { ApixoRequestEvent } from "../src/index.ts";
import { startBlockedListener } from "./blocked-listener.ts";
import { CANARY_KEY, clientOf, failureOf, ORDER, YES } from "./clients.ts";
import {
  closedPort,
  closeOf,
  onceRequestRead,
  startHttpServer,
  startTcpServer,
  type Listening,
} from "./listening-server.ts";

const ACCEPTED = '{"code":200,"message":"success","data":{"taskId":"task_1"}}';
const NOT_SENT = { kind: "unavailable", code: "not_sent", requestLeft: false };
const LOST = { kind: "unconfirmed", code: "answer_lost", requestLeft: true };

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});
async function stopped<Server extends Listening>(server: Promise<Server>): Promise<Server> {
  const started = await server;
  stops.push(() => started.stop());
  return started;
}

/** A server that reads one whole request on each connection, then does what the test says. */
async function afterRequest(then: (socket: Socket, request: string) => void): Promise<Listening> {
  return stopped(startTcpServer((socket) => onceRequestRead(socket, (request) => then(socket, request))));
}

describe("a request that did not leave", () => {
  it("is unavailable when the connection is refused", async () => {
    const client = clientOf(`http://127.0.0.1:${await closedPort()}`);
    expect(await failureOf(client.generateTask(ORDER, YES))).toMatchObject({
      ...NOT_SENT,
      cause: { code: "ECONNREFUSED" },
    });
  });

  it("is unavailable when the name does not resolve", async () => {
    // A label of more than 63 characters is refused by the resolver itself, without asking any server.
    const client = clientOf(`http://${"a".repeat(64)}.invalid`);
    expect(await failureOf(client.generateTask(ORDER, YES))).toMatchObject(NOT_SENT);
  });

  // The full queue of connections is Linux's.
  it.runIf(process.platform === "linux")(
    "is unavailable when the connection does not come about in time",
    async () => {
      const listener = await startBlockedListener();
      stops.push(() => listener.stop());
      const asked: boolean[] = [];
      const client = clientOf(`http://127.0.0.1:${listener.port}`, { submitTimeoutMs: 300 });
      const maySend = (): boolean => asked.push(true) > 0;
      expect(await failureOf(client.generateTask(ORDER, { maySend }))).toMatchObject(NOT_SENT);
      expect(asked).toEqual([]);
    },
  );

  it("is unavailable when the other side does not speak TLS", async () => {
    const received: Buffer[] = [];
    const server = await stopped(
      startTcpServer((socket) => {
        socket.on("data", (chunk) => received.push(chunk));
        socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
      }),
    );
    const client = clientOf(`https://127.0.0.1:${server.port}`);
    expect(await failureOf(client.generateTask(ORDER, YES))).toMatchObject(NOT_SENT);
    expect(Buffer.concat(received).toString("latin1")).not.toContain("generateTask");
  });

  it("is unavailable when the TLS handshake never ends", async () => {
    const server = await stopped(startTcpServer((socket) => socket.resume()));
    const client = clientOf(`https://127.0.0.1:${server.port}`, { submitTimeoutMs: 300 });
    expect(await failureOf(client.generateTask(ORDER, YES))).toMatchObject(NOT_SENT);
  });

  it("is unavailable when the connection is reset during the TLS handshake", async () => {
    const server = await stopped(
      startTcpServer((socket) => socket.once("data", () => socket.resetAndDestroy())),
    );
    const client = clientOf(`https://127.0.0.1:${server.port}`);
    expect(await failureOf(client.generateTask(ORDER, YES))).toMatchObject({
      ...NOT_SENT,
      cause: { code: "ECONNRESET" },
    });
  });

  it("is too late when maySend says no, and the other side sees a connection without a byte", async () => {
    const received: Buffer[] = [];
    const closed: Promise<void>[] = [];
    const server = await stopped(
      startTcpServer((socket) => {
        socket.on("data", (chunk) => received.push(chunk));
        closed.push(closeOf(socket));
      }),
    );
    let asked = 0;
    const maySend = (): boolean => {
      asked += 1;
      return false;
    };
    expect(await failureOf(clientOf(server.url).generateTask(ORDER, { maySend }))).toMatchObject({
      kind: "unavailable",
      code: "too_late_to_send",
      requestLeft: false,
    });
    await expect.poll(() => closed.length).toBe(1);
    await Promise.all(closed);
    expect(asked).toBe(1);
    expect(Buffer.concat(received).toString()).toBe("");
  });

  it("is unavailable when maySend itself breaks", async () => {
    const server = await afterRequest((socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${ACCEPTED}`));
    const maySend = (): boolean => {
      throw new Error("no clock");
    };
    expect(await failureOf(clientOf(server.url).generateTask(ORDER, { maySend }))).toMatchObject(NOT_SENT);
  });
});

describe("a request that left without an answer", () => {
  it("is unconfirmed when the connection is reset after the request was read", async () => {
    const server = await afterRequest((socket) => socket.resetAndDestroy());
    // The same error code as in the TLS handshake above: it says nothing about what left.
    expect(await failureOf(clientOf(server.url).generateTask(ORDER, YES))).toMatchObject({
      ...LOST,
      cause: { code: "ECONNRESET" },
    });
  });

  it("is never called unsent by mistake when the connection is reset at once", async () => {
    const server = await stopped(startTcpServer((socket) => socket.resetAndDestroy()));
    let asked = false;
    const maySend = (): boolean => (asked = true);
    const failure = await failureOf(clientOf(server.url).generateTask(ORDER, { maySend }));
    // Whether the reset or the write comes first is up to the kernel; the two facts must agree.
    expect({ kind: failure.kind, left: failure.requestLeft }).toEqual(
      asked ? { kind: "unconfirmed", left: true } : { kind: "unavailable", left: false },
    );
  });

  it("is unconfirmed when the connection is closed after the request was read", async () => {
    const server = await afterRequest((socket) => socket.end());
    expect(await failureOf(clientOf(server.url).generateTask(ORDER, YES))).toMatchObject(LOST);
  });

  it("is unconfirmed when no answer comes before the deadline", async () => {
    const server = await afterRequest(() => {});
    const client = clientOf(server.url, { submitTimeoutMs: 300 });
    expect(await failureOf(client.generateTask(ORDER, YES))).toMatchObject({
      kind: "unconfirmed",
      code: "answer_timeout",
      requestLeft: true,
    });
  });

  it("is unconfirmed when the answer drips past the deadline, one byte at a time", async () => {
    const server = await afterRequest((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
      const drip = setInterval(() => socket.write(" "), 20);
      socket.on("close", () => clearInterval(drip));
    });
    const client = clientOf(server.url, { submitTimeoutMs: 400 });
    expect(await failureOf(client.generateTask(ORDER, YES))).toMatchObject({
      kind: "unconfirmed",
      code: "answer_timeout",
      httpStatus: 200,
    });
  });

  it.each([
    ["shorter than its length", `content-length: 500\r\n\r\n${ACCEPTED}`],
    [
      "without its last chunk",
      `transfer-encoding: chunked\r\n\r\n${ACCEPTED.length.toString(16)}\r\n${ACCEPTED}\r\n`,
    ],
  ])("is unconfirmed when the answer is %s", async (_how, rest) => {
    const server = await afterRequest((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`));
    expect(await failureOf(clientOf(server.url).generateTask(ORDER, YES))).toMatchObject({
      ...LOST,
      httpStatus: 200,
    });
  });

  it("is unconfirmed when a refusal is cut short: it might have gone on to name a task", async () => {
    const server = await afterRequest((socket) =>
      socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 500\r\n\r\n{"code":400,'),
    );
    expect(await failureOf(clientOf(server.url).generateTask(ORDER, YES))).toMatchObject({
      ...LOST,
      httpStatus: 400,
    });
  });

  it("is unconfirmed when JSON without a length ends in the middle", async () => {
    const server = await afterRequest((socket) =>
      socket.end(`HTTP/1.1 200 OK\r\n\r\n${ACCEPTED.slice(0, -5)}`),
    );
    expect(await failureOf(clientOf(server.url).generateTask(ORDER, YES))).toMatchObject({
      kind: "unconfirmed",
      code: "answer_unreadable",
    });
  });

  it("is unconfirmed when the answer is not HTTP", async () => {
    const server = await afterRequest((socket) => socket.end("220 mail.example ESMTP\r\n"));
    expect(await failureOf(clientOf(server.url).generateTask(ORDER, YES))).toMatchObject(LOST);
  });

  it("is unconfirmed when the answer has no end, and stops reading", async () => {
    let writtenBytes = 0;
    let closed: Promise<void> | undefined;
    const server = await afterRequest((socket) => {
      closed = closeOf(socket);
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      const pour = (): void => {
        while (!socket.destroyed) {
          writtenBytes += 65_536;
          if (!socket.write(Buffer.alloc(65_536, 32))) return void socket.once("drain", pour);
        }
      };
      pour();
    });
    expect(await failureOf(clientOf(server.url).generateTask(ORDER, YES))).toMatchObject({
      kind: "unconfirmed",
      code: "answer_too_large",
      httpStatus: 200,
    });
    await closed;
    expect(writtenBytes).toBeLessThan(64 * 1024 * 1024);
  });
});

describe("a redirect", () => {
  const seen: string[] = [];
  async function redirecting(status: number): Promise<Listening> {
    seen.length = 0;
    const target = await stopped(
      startHttpServer((request, response) => {
        seen.push(`${request.method} ${request.headers.authorization}`);
        request.resume();
        response.end(ACCEPTED);
      }),
    );
    return stopped(
      startHttpServer((request, response) => {
        request.resume();
        response.writeHead(status, { location: `${target.url}${request.url}` }).end();
      }),
    );
  }

  it.each([301, 302, 303, 307, 308])(
    "%d is unconfirmed, and its target is never contacted",
    async (status) => {
      const server = await redirecting(status);
      const failure = await failureOf(clientOf(server.url).generateTask(ORDER, YES));
      expect(failure).toMatchObject({ kind: "unconfirmed", code: "answer_unreadable", httpStatus: status });
      expect(seen).toEqual([]);
    },
  );

  it("would have posted again with fetch, so the test above can fail", async () => {
    const server = await redirecting(307);
    await (await fetch(server.url, { method: "POST", body: "{}" })).text();
    expect(seen).toEqual(["POST undefined"]);
  });
});

describe("a request that is answered", () => {
  it("is written as the provider documents it", async () => {
    const requests: string[] = [];
    const server = await afterRequest((socket, request) => {
      requests.push(request);
      socket.end(`HTTP/1.1 200 OK\r\n\r\n${ACCEPTED}`);
    });
    const client = clientOf(`${server.url}/api/v1/`, {
      userAgent: "tests/1",
      apiKey: { reveal: () => CANARY_KEY },
    });
    await client.generateTask(ORDER, YES);
    await client.generateTask({ ...ORDER, callbackUrl: "https://us.example/cb" }, YES);
    const [head, body] = requests[0]?.split("\r\n\r\n") ?? [];
    expect(head?.split("\r\n").toSorted()).toEqual(
      [
        "POST /api/v1/generateTask/kling-2-1 HTTP/1.1",
        `host: 127.0.0.1:${server.port}`,
        "connection: close",
        `authorization: Bearer ${CANARY_KEY}`,
        "user-agent: tests/1",
        "accept: application/json",
        "accept-encoding: identity",
        "content-type: application/json",
        `content-length: ${body?.length}`,
      ].toSorted(),
    );
    expect(JSON.parse(body ?? "")).toEqual({ request_type: "async", input: ORDER.input });
    expect(JSON.parse(requests[1]?.split("\r\n\r\n")[1] ?? "")).toEqual({
      request_type: "callback",
      callback_url: "https://us.example/cb",
      input: ORDER.input,
    });
  });

  it("reads past early hints", async () => {
    const server = await afterRequest((socket) => {
      socket.write("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n");
      socket.end(`HTTP/1.1 200 OK\r\n\r\n${ACCEPTED}`);
    });
    expect(await clientOf(server.url).generateTask(ORDER, YES)).toEqual({ taskId: "task_1" });
  });

  it("uses a fresh connection each time, although the other side would keep it", async () => {
    const server = await stopped(
      startHttpServer((request, response) => {
        request.resume();
        response.end(ACCEPTED);
      }),
    );
    const client = clientOf(server.url);
    for (let sent = 0; sent < 3; sent += 1) await client.generateTask(ORDER, YES);
    expect(server.connections()).toBe(3);
  });

  it("is not lost to an observer that breaks", async () => {
    const server = await afterRequest((socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${ACCEPTED}`));
    const onRequest = (): void => {
      throw new Error("metrics are down");
    };
    expect(await clientOf(server.url, { onRequest }).generateTask(ORDER, YES)).toEqual({ taskId: "task_1" });
  });

  it("is finished before the client closes, and nothing is sent after that", async () => {
    const sockets: Socket[] = [];
    let arrived = (): void => {};
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    const server = await afterRequest((socket) => {
      sockets.push(socket);
      arrived();
    });
    const client = clientOf(server.url);
    const running = client.generateTask(ORDER, YES);
    await arrival;
    const closing = client.close();
    expect(await failureOf(client.generateTask(ORDER, YES))).toMatchObject({
      code: "client_closed",
      requestLeft: false,
    });
    expect(await failureOf(client.statusTask("task_1"))).toMatchObject({ code: "client_closed" });
    sockets[0]?.end(`HTTP/1.1 200 OK\r\n\r\n${ACCEPTED}`);
    expect(await running).toEqual({ taskId: "task_1" });
    await closing;
    expect(server.connections()).toBe(1);
  });
});

describe("the observer of requests", () => {
  it("is told how each ended", async () => {
    const events: ApixoRequestEvent[] = [];
    const onRequest = (event: ApixoRequestEvent): void => void events.push(event);
    const answering = await afterRequest((socket) => socket.end("HTTP/1.1 429 Slow\r\n\r\n"));
    const silent = await afterRequest((socket) => socket.end());
    await failureOf(clientOf(answering.url, { onRequest }).generateTask(ORDER, YES));
    await failureOf(clientOf(silent.url, { onRequest }).generateTask(ORDER, YES));
    await failureOf(clientOf(silent.url, { onRequest }).generateTask(ORDER, { maySend: () => false }));
    expect(events).toEqual(
      [429, "no_answer", "not_sent"].map((status) => ({
        operation: "generateTask",
        status,
        durationMs: expect.any(Number),
      })),
    );
  });
});
