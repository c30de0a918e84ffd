import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findFreePort, untilTrue } from "@rushes/test-rig";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startSystem, type RunningSystem } from "./running-system.ts";

const run = promisify(execFile);
const SECRET = `whsec_${randomBytes(32).toString("base64")}`;
const SCRIPT = "apps/examples/curl/order.sh";
const hasCurl = spawnSync("curl", ["--version"]).status === 0;

let system: RunningSystem;
let folder: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  system = await startSystem();
  await system.startWorker({ WEBHOOK_SECRET: SECRET, ALLOW_PRIVATE_WEBHOOKS: "true" });
  folder = await mkdtemp(join(tmpdir(), "rushes-examples-"));
  await publishClient();
});
afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true });
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** The client as somebody has it who installed it: built, and without anything else of this repository beside it. */
async function publishClient(): Promise<void> {
  const installed = join(folder, "node_modules/@rushes/client");
  await mkdir(installed, { recursive: true });
  await cp("packages/client/package.json", join(installed, "package.json"));
  const build = [
    "node_modules/typescript/bin/tsc",
    "-p",
    "packages/client",
    "--outDir",
    join(installed, "dist"),
  ];
  await run(process.execPath, [...build, "--tsBuildInfoFile", join(folder, "build-info")]);
}

/** A program of an example, with what it says. */
function start(words: string[], environment: Record<string, string>, cwd?: string) {
  const child = spawn(process.execPath, words, {
    env: { PATH: process.env["PATH"] ?? "", RUSHES_URL: system.api.url, ...environment },
    ...(cwd === undefined ? {} : { cwd }),
  });
  children.push(child);
  let said = "";
  const hear = (chunk: Buffer): void => void (said += chunk.toString());
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  return { said: () => said, hasEnded: () => child.exitCode !== null, code: () => child.exitCode };
}

const hook = (port: number, path: string, body: string, headers: Record<string, string>): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });

describe("the examples of the client's README", () => {
  async function example(title: string): Promise<string> {
    const readme = await readFile("packages/client/README.md", "utf8");
    const blocks = [...readme.matchAll(/```js\n(\/\/ [^]*?)```/g)].map(([, code = ""]) => code);
    const found = blocks.find((code) => code.startsWith(`// ${title}`));
    if (found === undefined) throw new Error(`no example begins with "// ${title}"`);
    const file = join(folder, `${title.replaceAll(" ", "-")}.mjs`);
    await writeFile(file, found);
    return file;
  }

  test("one video is estimated, ordered, waited for and stored", { timeout: 60_000 }, async () => {
    const { said, hasEnded, code } = start([await example("One video")], {}, folder);
    await untilTrue(() => hasEnded() || said(), { timeoutMs: 40_000 });
    expect([code(), said()]).toEqual([0, expect.stringContaining("This will cost $1\n")]);
    expect(said()).toContain("sha256");
    expect((await readFile(join(folder, "lighthouse.mp4"))).subarray(4, 8).toString()).toBe("ftyp");
  });

  test("many videos", async () => {
    const { said, hasEnded, code } = start([await example("Many videos")], {}, folder);
    await untilTrue(() => hasEnded() || said());
    expect([code(), said()]).toEqual([0, expect.stringContaining("3 ordered")]);
  });

  test("a webhook of the running system is believed, another one is not", { timeout: 60_000 }, async () => {
    const port = await findFreePort();
    const { said } = start(
      [await example("A webhook")],
      { WEBHOOK_SECRET: SECRET, PORT: String(port) },
      folder,
    );
    await untilTrue(async () => (await hook(port, "/", "{}", {})).status === 400);
    const { id } = await system.order({}, { webhook_url: `http://127.0.0.1:${port}/` });
    await untilTrue(() => said().includes(`video.completed ${id}`) || said(), { timeoutMs: 30_000 });
  });
});

test("the fastify service orders once and learns how it ended", { timeout: 60_000 }, async () => {
  const port = await findFreePort();
  const { said } = start(["--conditions=source", "apps/examples/src/main.ts"], {
    WEBHOOK_SECRET: SECRET,
    PORT: String(port),
  });
  await untilTrue(() => said().includes("listens") || said());
  const films = `http://127.0.0.1:${port}/films`;
  const put = async (name: string, prompt: string) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${films}/${name}`, {
      method: "PUT",
      headers,
      body: JSON.stringify({ prompt }),
    });
    return [response.status, await response.json()];
  };
  const state = async (name: string): Promise<unknown> => (await fetch(`${films}/${name}`)).json();

  const [status, film] = await put("lighthouse", "a lighthouse");
  expect([status, film]).toEqual([202, expect.objectContaining({ name: "lighthouse" })]);
  const { videoId } = film as { videoId: string };
  expect(await put("lighthouse", "a lighthouse")).toEqual([202, expect.objectContaining({ videoId })]);
  await put("wreck", "a wreck [[fail:SensitiveContent]]");
  for (const [name, end] of [
    ["lighthouse", "ready"],
    ["wreck", "failed"],
  ] as const) {
    const isThere = async () => {
      const seen = await state(name);
      return (seen as { state: string }).state === end || seen;
    };
    await untilTrue(isThere, { timeoutMs: 30_000 });
  }
  const [file] = (await system.get(videoId)).output;
  expect(await state("lighthouse")).toMatchObject({ videoId, url: file?.url });
  expect(await put("nothing", "")).toEqual([
    422,
    { code: "invalid_order", errors: [expect.objectContaining({ field: "input.prompt" })] },
  ]);

  const forged = JSON.stringify({
    type: "video.failed",
    data: { id: videoId, metadata: { film: "lighthouse" }, output: [] },
  });
  const at = new Date();
  const signature = new Webhook(randomBytes(32).toString("base64")).sign("x", at, forged);
  const headers = {
    "webhook-id": "x",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": signature,
  };
  expect((await hook(port, "/hooks/rushes", forged, headers)).status).toBe(401);
  expect(await state("lighthouse")).toMatchObject({ state: "ready" });
});

describe.runIf(hasCurl)("the curl script", () => {
  type Ran = { code: number; stdout: string; stderr: string };
  const script = (words: string[], environment: Record<string, string> = {}): Promise<Ran> =>
    run("bash", ["--norc", SCRIPT, ...words], {
      env: { PATH: process.env["PATH"] ?? "", RUSHES_URL: system.api.url, ...environment },
    }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: unknown) => error as Ran,
    );

  test(
    "orders, waits and downloads; with the same key it goes on with the same video",
    { timeout: 60_000 },
    async () => {
      const file = join(folder, "by-curl.mp4");
      const prompt = 'a "lighthouse" \\ at\ndusk';
      const first = await script(["curl-1", prompt, file]);
      expect([first.code, first.stderr]).toEqual([0, ""]);
      const id = /Ordered (vid_\S+)/.exec(first.stdout)?.[1] ?? "";
      const video = await system.get(id);
      expect(video).toMatchObject({ status: "completed", input: { prompt } });
      expect((await readFile(file)).length).toBe(video.output[0]?.bytes);
      expect((await script(["curl-1", prompt, file])).stdout).toContain(id);
      expect(system.sandbox.bill().charges.filter((charge) => charge.prompt === prompt)).toHaveLength(1);
    },
  );

  test("says what failed and what was refused", { timeout: 60_000 }, async () => {
    const file = join(folder, "never.mp4");
    const failed = await script(["curl-2", "a wreck [[fail:SensitiveContent]]", file]);
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining('"status":"failed"')]);
    const refused = await script(["curl-3", " ", file]);
    expect([refused.code, refused.stderr]).toEqual([22, expect.stringContaining("input.prompt")]);
    expect((await script(["curl-4"])).stderr).toContain("the second argument is the prompt");
  });
});
