import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Video } from "@rushes/pipeline";
import { startTestRedis, startTestS3, untilTrue, type TestRedis, type TestS3 } from "@rushes/test-rig";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { containerEnvironment, readComposeFile, readVariables, type Service } from "./compose-file.ts";
import { checkedPort, startService, type ServiceProcess } from "./service-process.ts";

const COPIED = readVariables(".env.example");
/** Which variable says where a service listens; the workers have `HEALTH_PORT`. */
const PORT_OF: Record<string, string> = { sandbox: "PORT", api: "PORT", board: "BOARD_PORT" };
const OURS = ["sandbox", "api", "submit", "poll", "archive", "notify", "board"];

let redis: TestRedis;
let s3: TestS3;
let folder: string;
beforeAll(async () => {
  [redis, s3] = await Promise.all([startTestRedis(), startTestS3({ bucket: "rushes" })]);
  folder = mkdtempSync(join(tmpdir(), "rushes-compose-"));
});
afterAll(async () => {
  await Promise.all([redis.stop(), s3.stop()]);
  rmSync(folder, { recursive: true });
});

const running: ServiceProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill();
});

function serviceOf(name: string, dotEnv: Record<string, string>): Service {
  const service = readComposeFile(dotEnv).services[name];
  if (service === undefined) throw new Error(`there is no service ${name}`);
  return service;
}

function start(name: string, dotEnv: Record<string, string>, sandboxPort = 9): ServiceProcess {
  const service = serviceOf(name, dotEnv);
  const child = startService(service, containerEnvironment(service, dotEnv), {
    "redis://redis:6379": redis.url,
    "http://store:8333": s3.endpoint,
    "http://sandbox:4010/api/v1": `http://127.0.0.1:${sandboxPort}/api/v1`,
    "/state/sandbox.jsonl": join(folder, "sandbox.jsonl"),
  });
  running.push(child);
  return child;
}

describe.each(OURS)("%s", (name) => {
  // The copy fixes what the file alone leaves open: every variable, with the addresses of a run without containers.
  test("starts from a copied .env.example, is found healthy, and ends on SIGTERM", async () => {
    const child = start(name, COPIED);
    const port = await child.port();
    await untilTrue(async () => (await child.isHealthy(port)) || child.lines.join("\n"), { everyMs: 200 });
    expect(await child.stop()).toBe(0);
    expect(await child.isHealthy(port)).toBe(false);
  });

  test.each([
    ["nothing set", {}],
    ["a copied .env.example", COPIED],
  ])("listens where its health check and its published port lead, with %s", (_setting, dotEnv) => {
    const service = serviceOf(name, dotEnv);
    const environment = containerEnvironment(service, dotEnv);
    const port = environment[PORT_OF[name] ?? "HEALTH_PORT"];
    expect(environment["HOST"]).toBe("0.0.0.0");
    expect(checkedPort(service)).toBe(port);
    for (const mapping of service.ports ?? []) expect(mapping.split(":").at(-1)).toBe(port);
  });
});

test("with nothing set, all together make a file of an order", { timeout: 90_000 }, async () => {
  const sandbox = start("sandbox", {});
  const sandboxPort = await sandbox.port();
  const others = OURS.filter((name) => name !== "sandbox");
  const children = new Map(others.map((name) => [name, start(name, {}, sandboxPort)]));
  const ports = await Promise.all([...children.values()].map((child) => child.port()));
  const origin = `http://127.0.0.1:${ports[others.indexOf("api")]}`;
  await untilTrue(async () => (await fetch(`${origin}/readyz`)).status === 200);

  const headers = { "content-type": "application/json", "idempotency-key": "one" };
  const key = { authorization: "Bearer local" };
  const order = {
    method: "POST",
    body: JSON.stringify({
      input: { mode: "master-text-to-video", prompt: "a lighthouse", duration: 5, aspect_ratio: "16:9" },
    }),
  };
  expect((await fetch(`${origin}/v1/videos`, { ...order, headers })).status).toBe(401);
  const answer = await fetch(`${origin}/v1/videos`, { ...order, headers: { ...headers, ...key } });
  const { id } = (await answer.json()) as Video;
  let video: Video | undefined;
  await untilTrue(
    async () => {
      video = (await (await fetch(`${origin}/v1/videos/${id}`, { headers: key })).json()) as Video;
      return video.status === "completed" || video.phase;
    },
    { timeoutMs: 60_000, everyMs: 100 },
  );
  const file = video?.output[0];
  expect(file?.bucket).toBe("rushes");
  const bytes = await s3.getObject(file?.key ?? "");
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(file?.sha256);
  expect(readFileSync(join(folder, "sandbox.jsonl"), "utf8")).toContain(video?.provider.task_id);

  expect(await Promise.all([...children.values(), sandbox].map((child) => child.stop()))).toEqual(
    OURS.map(() => 0),
  );
});

describe("with a provider's key, when orders cost money", () => {
  // Addresses where nobody listens, so that no test ever reaches the provider or a bucket.
  const real = {
    APIXO_API_KEY: "a-real-one",
    APIXO_BASE_URL: "http://127.0.0.1:9/api/v1",
    ARCHIVE_BUCKET: "ours",
    AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9",
  };

  test.each([
    ["api", "API_KEYS"],
    ["board", "BOARD_USERS"],
  ])("%s does not start without %s", async (name, variable) => {
    const child = start(name, real);
    await untilTrue(() => child.process.exitCode !== null || child.lines.join("\n"));
    expect(child.process.exitCode).toBe(1);
    expect(child.lines.join("\n")).toContain(variable);
  });

  test.each(["submit", "archive"])("%s starts without any local part", async (name) => {
    const child = start(name, real);
    await child.port();
    expect(await child.stop()).toBe(0);
  });
});
