import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { startHealthServer, type Check, type HealthServer, type HealthServerOptions } from "../src/index.ts";

const servers: HealthServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

const ok = (): Check => ({ ok: true });

async function start(options: Partial<HealthServerOptions> = {}) {
  const server = await startHealthServer({ host: "127.0.0.1", port: 0, live: ok, ready: ok, ...options });
  servers.push(server);
  return { server, base: `http://127.0.0.1:${server.port}` };
}

test("it answers 200 while live and ready", async () => {
  const { base } = await start();
  for (const path of ["/livez", "/readyz", "/readyz?verbose"]) {
    const response = await fetch(base + path);
    expect([path, response.status, await response.json()]).toEqual([path, 200, { status: "ok" }]);
  }
});

test("it answers 503 and names what is not ready", async () => {
  const { base } = await start({ ready: async () => ({ ok: false, because: ["redis", "bucket"] }) });
  const response = await fetch(`${base}/readyz`);
  expect(response.status).toBe(503);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual({ status: "unavailable", because: ["redis", "bucket"] });
  expect((await fetch(`${base}/livez`)).status).toBe(200);
});

test("a probe that throws is a 503 that does not tell the error", async () => {
  const { base } = await start({ live: () => Promise.reject(new Error("canary redis://:pw@host")) });
  const response = await fetch(`${base}/livez`);
  expect(response.status).toBe(503);
  expect(await response.text()).not.toContain("canary");
});

test("a probe that never answers is a 503, not a hanging request", async () => {
  const { base } = await start({ ready: () => new Promise(() => {}), patienceMs: 20 });
  const response = await fetch(`${base}/readyz`);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ status: "unavailable", because: ["no answer in time"] });
});

test("HEAD has the status and length of GET, and no body", async () => {
  const { base } = await start({ ready: () => ({ ok: false, because: ["redis"] }) });
  const get = await fetch(`${base}/readyz`);
  const head = await fetch(`${base}/readyz`, { method: "HEAD" });
  expect(head.status).toBe(503);
  expect(head.headers.get("content-length")).toBe(String((await get.arrayBuffer()).byteLength));
  expect(await head.text()).toBe("");
});

test("metrics are served as they come, and a failure to read them is a 500 without the error", async () => {
  let fails = false;
  const { base } = await start({
    metrics: async () => {
      if (fails) throw new Error("canary");
      return { contentType: "text/plain; version=0.0.4", body: "rushes_late 1\n" };
    },
  });
  const good = await fetch(`${base}/metrics`);
  expect([good.status, good.headers.get("content-type"), await good.text()]).toEqual([
    200,
    "text/plain; version=0.0.4",
    "rushes_late 1\n",
  ]);
  fails = true;
  const bad = await fetch(`${base}/metrics`);
  expect(bad.status).toBe(500);
  expect(await bad.text()).not.toContain("canary");
});

test("everything else is a 404", async () => {
  const { base } = await start();
  const statuses = await Promise.all([
    fetch(`${base}/`),
    fetch(`${base}/metrics`),
    fetch(`${base}/livez/`),
    fetch(`${base}/livez`, { method: "POST" }),
  ]);
  expect(statuses.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
});

test("stop finishes the answer in hand", async () => {
  const probing = Promise.withResolvers<void>();
  const verdict = Promise.withResolvers<Check>();
  const { server, base } = await start({
    ready: () => {
      probing.resolve();
      return verdict.promise;
    },
  });
  const response = fetch(`${base}/readyz`);
  await probing.promise;
  const stopped = server.stop();
  verdict.resolve({ ok: true });
  expect((await response).status).toBe(200);
  await stopped;
  await expect(fetch(`${base}/readyz`)).rejects.toThrow("fetch failed");
});

test("stop does not wait for idle or half-sent connections", async () => {
  const { server } = await start();
  const idle = connect(server.port, "127.0.0.1");
  const half = connect(server.port, "127.0.0.1");
  idle.on("error", () => {});
  half.on("error", () => {});
  await Promise.all([once(idle, "connect"), once(half, "connect")]);
  half.write("GET /livez HTTP/1.1\r\nHost:");
  const closed = [idle, half].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
  await server.stop();
  await Promise.all(closed);
  expect([idle.destroyed, half.destroyed]).toEqual([true, true]);
});

test("a caller that hangs up before the answer does not keep the server from stopping", async () => {
  const probing = Promise.withResolvers<void>();
  const verdict = Promise.withResolvers<Check>();
  const { server } = await start({
    ready: () => {
      probing.resolve();
      return verdict.promise;
    },
  });
  const caller = connect(server.port, "127.0.0.1");
  await once(caller, "connect");
  caller.write("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
  await probing.promise;
  const hungUp = once(caller, "close");
  caller.destroy();
  await hungUp;
  verdict.resolve({ ok: true });
  await expect(server.stop()).resolves.toBeUndefined();
});

test("a port that is taken is an error of the start", async () => {
  const { server } = await start();
  await expect(start({ port: server.port })).rejects.toThrow("EADDRINUSE");
});
