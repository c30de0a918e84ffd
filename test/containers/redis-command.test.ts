import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { findFreePort, findRedisServer, untilTrue } from "@rushes/test-rig";
import { afterEach, expect, test } from "vitest";
import { readComposeFile } from "./compose-file.ts";

const run = promisify(execFile);
const service = readComposeFile({}).services["redis"];
const cli = join(dirname(findRedisServer()), "redis-cli");

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** The service's command as it is written, on a port and in a folder of this test's own. */
async function startServer(more: readonly string[] = []): Promise<{ port: number; client: Redis }> {
  const [program, ...words] = service?.command ?? [];
  expect(program).toBe("redis-server");
  const folder = await mkdtemp(join(tmpdir(), "rushes-redis-service-"));
  stops.push(() => rm(folder, { recursive: true }));
  // Somebody else may take the port between finding and using it.
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort();
    const place = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder];
    const server = spawn(findRedisServer(), [...words, ...place, ...more], { stdio: "ignore" });
    const client = new Redis({
      port,
      lazyConnect: true,
      retryStrategy: () => 20,
      maxRetriesPerRequest: null,
    });
    client.on("error", () => {});
    stops.push(() => end(server, client));
    client.connect().catch(() => {});
    await untilTrue(() => server.exitCode !== null || client.status === "ready" || client.status);
    if (server.exitCode === null) return { port, client };
    if (attempt === 5) throw new Error(`redis-server ended with ${server.exitCode}`);
  }
}

async function end(server: ChildProcess, client: Redis): Promise<void> {
  client.disconnect();
  if (server.exitCode !== null) return;
  const gone = once(server, "exit");
  server.kill("SIGKILL");
  await gone;
}

test("orders are appended to a file and never evicted, and there are no snapshots", async () => {
  const { client } = await startServer();
  const read = async (name: string): Promise<string | undefined> =>
    ((await client.config("GET", name)) as string[])[1];
  expect(await read("appendonly")).toBe("yes");
  expect(await read("appendfsync")).toBe("everysec");
  expect(await read("maxmemory-policy")).toBe("noeviction");
  expect(await read("save")).toBe("");
  expect(service?.volumes).toEqual(["redis:/data"]);
});

test("REDIS_DURABILITY, which the processes insist on, is Redis's own setting too", () => {
  const { command = [] } = readComposeFile({ REDIS_DURABILITY: "always" }).services["redis"] ?? {};
  expect(command[command.indexOf("--appendfsync") + 1]).toBe("always");
});

test.skipIf(!existsSync(cli))("its health check asks, and takes an error for one", async () => {
  const [kind, program, ...words] = service?.healthcheck.test ?? [];
  expect([kind, program]).toEqual(["CMD", "redis-cli"]);
  const isHealthy = (port: number): Promise<boolean> =>
    run(cli, ["-p", `${port}`, ...words]).then(
      () => true,
      () => false,
    );
  const { port, client } = await startServer();
  expect(await isHealthy(port)).toBe(true);
  // Any answer that is an error will do: while it loads, Redis answers LOADING.
  await client.config("SET", "requirepass", "word");
  expect(await isHealthy(port)).toBe(false);
});
