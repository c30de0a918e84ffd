import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startTestRedis, untilTrue, type TestRedis } from "@rushes/test-rig";
import { openRaw, type RawConnection } from "./raw-http.ts";
import { runApi, storedKeys, textOrder, type RunningApi } from "./running-api.ts";

let server: TestRedis;
let api: RunningApi;
const connections: RawConnection[] = [];

beforeAll(async () => {
  server = await startTestRedis();
  api = await runApi(server.url);
});

afterEach(() => {
  for (const { socket } of connections.splice(0)) socket.destroy();
});

afterAll(async () => {
  await api.stop(new AbortController().signal);
  await server.stop();
});

async function open(): Promise<RawConnection> {
  const connection = await openRaw(api.port);
  connections.push(connection);
  return connection;
}

/** Sends bytes and waits until the server has answered and ended the connection. */
async function exchange(bytes: string): Promise<string> {
  const connection = await open();
  connection.send(bytes);
  await connection.ended;
  return connection.text();
}

function problemIn(response: string): { status: number; code: string } {
  expect(response).toMatch(/content-type: application\/problem\+json/i);
  const problem = JSON.parse(response.slice(response.indexOf("\r\n\r\n") + 4)) as {
    status: number;
    code: string;
  };
  expect(response.startsWith(`HTTP/1.1 ${problem.status} `)).toBe(true);
  return problem;
}

describe("broken HTTP gets a problem document and the end of its connection:", () => {
  test.each([
    ["a request line of nonsense", "nonsense\r\n\r\n", "malformed_request"],
    [
      "two lengths",
      "POST /v1/videos HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
      "malformed_request",
    ],
    [
      "a length and chunks, as used for smuggling",
      "POST /v1/videos HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "malformed_request",
    ],
    ["a header name with a space", "GET /livez HTTP/1.1\r\nHost: a\r\nX y: 1\r\n\r\n", "malformed_request"],
    [
      "too many headers",
      `GET /livez HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
      "headers_too_large",
    ],
  ])("%s", async (_, bytes, code) => {
    const response = await exchange(bytes);
    expect(problemIn(response).code).toBe(code);
  });
});

test("a request without Host is refused by Node itself", async () => {
  expect(await exchange("GET /livez HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
});

describe("a body on GET", () => {
  test.each([
    ["with a length", "Content-Length: 2\r\n\r\n{}"],
    ["in chunks", "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"],
  ])("%s is refused", async (_, rest) => {
    const response = await exchange(`GET /v1/videos HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${rest}`);
    expect(problemIn(response)).toMatchObject({ status: 400, code: "malformed_request" });
  });

  test("of no length is none", async () => {
    const response = await exchange(
      "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    );
    expect(response).toMatch(/^HTTP\/1.1 200 /);
  });
});

test("one connection serves one request after the other, also after problems", async () => {
  const connection = await open();
  const body = JSON.stringify(textOrder({ prompt: "" }));
  const requests = [
    "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
    `POST /v1/videos HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    "GET /v1/videos HTTP/1.1\r\nHost: a\r\n\r\n",
  ];
  for (const [index, request] of requests.entries()) {
    connection.send(request);
    await untilTrue(
      () => connection.text().match(/HTTP\/1.1 \d{3}/g)?.length === index + 1 || connection.text(),
    );
  }
  expect(connection.text().match(/HTTP\/1.1 \d{3}/g)).toEqual(
    [200, 404, 422, 200].map((status) => `HTTP/1.1 ${status}`),
  );
});

test("HEAD answers as GET does, without the body", async () => {
  const { json: video } = await api.order(textOrder());
  for (const path of [
    "/livez",
    "/readyz",
    "/v1/videos",
    `/v1/videos/${video.id}`,
    `/v1/videos/vid_${"0".repeat(26)}`,
  ]) {
    const [got, head] = [await api.ask(path), await api.ask(path, { method: "HEAD" })];
    expect([head.status, head.text]).toEqual([got.status, ""]);
    expect(head.headers.get("content-type")).toBe(got.headers.get("content-type"));
  }
});

describe("X-Request-Id", () => {
  test("comes back as it was sent, with every kind of answer", async () => {
    for (const [path, status] of [
      ["/livez", 200],
      ["/v1/videos", 200],
      ["/v1/videos?x=1", 422],
      ["/nowhere", 404],
      ["/%zz", 404],
    ] as const) {
      const answer = await api.ask(path, { headers: { "x-request-id": "shop:order-7/try.2" } });
      expect([answer.status, answer.headers.get("x-request-id")]).toEqual([status, "shop:order-7/try.2"]);
    }
  });

  test.each(["", " ", "two words", "x".repeat(129), '"quoted"', "<b>", "-x", "a,b"])(
    "is made anew in place of %j, and named in the problem",
    async (own) => {
      const { headers, json } = await api.ask("/nowhere", { headers: { "x-request-id": own } });
      expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
      expect(json.request_id).toBe(headers.get("x-request-id"));
    },
  );
});

test("a caller who goes away in the middle of a body leaves nothing and harms nobody", async () => {
  const before = await storedKeys(server.url, api.prefix);
  const connection = await open();
  connection.send(
    'POST /v1/videos HTTP/1.1\r\nHost: a\r\nIdempotency-Key: gone\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"input":',
  );
  const linesBefore = api.lines.length;
  connection.socket.end();
  await untilTrue(() => api.lines.length > linesBefore);
  expect(api.lines.at(-1)).toMatchObject({ msg: "request", route: "/v1/videos", method: "POST" });
  expect(await storedKeys(server.url, api.prefix)).toEqual(before);
  expect((await api.ask("/livez")).status).toBe(200);
});

test("a name given twice in JSON counts as given the last time, as JSON.parse has it", async () => {
  const { input } = textOrder();
  const body = `{"input":{"mode":"x"},"input":${JSON.stringify(input)}}`;
  const { status, json } = await api.order(body, { headers: { "content-type": "application/json" } });
  expect([status, json.input.mode]).toEqual([202, "master-text-to-video"]);
});

test("a byte order mark and a charset of UTF-8 are understood", async () => {
  const { status, json } = await api.order(`\ufeff${JSON.stringify(textOrder({ prompt: "très calme" }))}`, {
    headers: { "content-type": 'application/json; charset="UTF-8"' },
  });
  expect([status, json.input.prompt]).toEqual([202, "très calme"]);
});
