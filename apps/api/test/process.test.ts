import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startTestRedis, untilTrue, type TestRedis } from "@rushes/test-rig";
import { startProcess, type ApiProcess } from "./api-process.ts";
import { openRaw, type RawConnection } from "./raw-http.ts";
import { sha256Hex, textOrder } from "./running-api.ts";

let server: TestRedis;
const processes: ApiProcess[] = [];
const connections: RawConnection[] = [];

beforeAll(async () => {
  server = await startTestRedis();
});

afterEach(async () => {
  for (const { socket } of connections.splice(0)) socket.destroy();
  for (const { child, exit } of processes.splice(0)) {
    child.kill("SIGKILL");
    await exit;
  }
});

afterAll(() => server.stop());

function start(environment: Record<string, string>): ApiProcess {
  const started = startProcess({ REDIS_URL: server.url, ...environment });
  processes.push(started);
  return started;
}

async function open(port: number): Promise<RawConnection> {
  const connection = await openRaw(port);
  connections.push(connection);
  return connection;
}

/** Sends an order but for its last byte, once the api is ready for it. */
async function beginOrder(port: number): Promise<{ connection: RawConnection; finish: () => void }> {
  await untilTrue(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200);
  const connection = await open(port);
  const body = JSON.stringify(textOrder());
  const head = [
    "POST /v1/videos HTTP/1.1",
    "Host: a",
    "Idempotency-Key: k",
    "Content-Type: application/json",
  ];
  connection.send([...head, `Content-Length: ${body.length}`, "", body.slice(0, -1)].join("\r\n"));
  return { connection, finish: () => connection.send(body.slice(-1)) };
}

describe("the process refuses to start, and says why,", () => {
  test("on an open address without keys", async () => {
    const started = start({ HOST: "0.0.0.0" });
    expect(await started.exit).toBe(1);
    expect(started.output()).toMatch(/HOST must be a loopback address .* while API_KEYS is unset/);
  });

  test("naming all problems at once, and no value", async () => {
    const started = start({
      HOST: "203.0.113.7",
      PORT: "http",
      REDIS_URL: "http://:hidden@redis",
      REQUIRE_IDEMPOTENCY_KEY: "yes",
      BUDGET_USD_PER_DAY: "$5",
      PUBLIC_URL: "https://hidden.example",
      CALLBACK_SECRET: " hidden ",
      DRAIN_MS: "soon",
      LOG_LEVEL: "loud",
    });
    expect(await started.exit).toBe(1);
    const named = [...started.output().matchAll(/^ {2}([A-Z_]+) /gm)].map(([, name]) => String(name));
    expect(new Set(named)).toEqual(
      new Set([
        "BUDGET_USD_PER_DAY",
        "CALLBACK_SECRET",
        "DRAIN_MS",
        "HOST",
        "LOG_LEVEL",
        "PORT",
        "PUBLIC_URL",
        "REDIS_URL",
        "REQUIRE_IDEMPOTENCY_KEY",
      ]),
    );
    for (const value of ["203.0.113.7", "hidden", "yes", "$5", "soon", "loud"]) {
      expect(started.output()).not.toContain(value);
    }
  });
});

test("with keys it may listen on any address", async () => {
  const started = start({ HOST: "0.0.0.0", API_KEYS: `anna:${sha256Hex("a key of somebody")}` });
  const port = await started.port();
  expect((await fetch(`http://127.0.0.1:${port}/v1/videos`)).status).toBe(401);
});

test("an address that is taken ends the process with a reason", async () => {
  const port = await start({}).port();
  const second = start({ PORT: String(port) });
  expect(await second.exit).toBe(1);
  expect(second.output()).toContain("EADDRINUSE");
});

test("on SIGTERM it takes no new connection, answers what it has begun, and ends with 0", async () => {
  const started = start({});
  const port = await started.port();
  const { connection, finish } = await beginOrder(port);
  const idle = await open(port);
  idle.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
  await untilTrue(() => idle.text().includes('"ok"') || idle.text());
  // Opened in advance, as browsers and balancers do. It must not hold the process.
  await open(port);
  started.child.kill("SIGTERM");
  // The idle connection is closed at once; the one with a request on it is not.
  await idle.ended;
  await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow("fetch failed");
  expect(connection.text()).toBe("");
  finish();
  expect(await started.exit).toBe(0);
  expect(connection.text()).toMatch(/^HTTP\/1.1 202 /);
  expect(connection.text()).toMatch(/\r\nconnection: close\r\n/i);
});

test("a request that never ends is cut when the time to drain is over", async () => {
  const started = start({ DRAIN_MS: "300" });
  const { connection } = await beginOrder(await started.port());
  started.child.kill("SIGTERM");
  expect(await started.exit).toBe(1);
  await connection.ended;
  expect(started.output()).toContain("was not done in time");
});

test("while Redis is away it lives on, and ends on SIGTERM", async () => {
  const away = await startTestRedis();
  await away.stop();
  const started = start({ REDIS_URL: away.url.replace("//", "//user:redis-password@") });
  const port = await started.port();
  const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([503, { status: "unavailable", because: ["redis"] }]);
  await untilTrue(() => started.output().includes("ECONNREFUSED"));
  started.child.kill("SIGTERM");
  expect(await started.exit).toBe(0);
  expect(started.output()).not.toContain("redis-password");
});
