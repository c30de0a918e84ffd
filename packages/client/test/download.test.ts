import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createClient, type Client } from "../src/index.ts";
import { json, problem, startScriptedApi, video, type Reply, type ScriptedApi } from "./scripted-api.ts";

const FILE = Buffer.from("a video, as far as anybody here can tell".repeat(1_000));
const stored = {
  url: "s3://videos/vid_1-0.mp4",
  bucket: "videos",
  key: "vid_1-0.mp4",
  bytes: FILE.length,
  sha256: createHash("sha256").update(FILE).digest("hex"),
  content_type: "video/mp4",
};
const whole: Reply = (response) => void response.writeHead(200, { "content-length": FILE.length }).end(FILE);
const cut: Reply = (response) => {
  response.writeHead(200, { "content-length": FILE.length });
  response.write(FILE.subarray(0, 999), () => response.destroy());
};
const altered: Reply = (response) => void response.writeHead(200).end(Buffer.from(FILE).fill("x", 0, 1));

let folder: string;
let path: string;
let servers: ScriptedApi[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rushes-client-"));
  path = join(folder, "film.mp4");
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await server.stop();
  await rm(folder, { recursive: true });
});

/** An api whose links lead to a bucket that answers by a script. */
async function start(...script: [Reply, ...Reply[]]): Promise<{ rushes: Client; bucket: ScriptedApi }> {
  const bucket = await startScriptedApi(...script);
  const api = await startScriptedApi((response, seen) => {
    if (seen.path.includes("/content"))
      response
        .writeHead(302, { location: `${bucket.url}/signed?for=${encodeURIComponent(seen.path)}` })
        .end();
    else json({ ...video("completed"), output: [stored, stored] })(response, seen);
  });
  servers.push(bucket, api);
  return { rushes: createClient({ url: api.url, apiKey: "a-key", maxAttempts: 2 }), bucket };
}

test("the file is stored whole, and the bucket never sees the key", async () => {
  const { rushes, bucket } = await start(whole);
  expect(await rushes.download("vid_1", path)).toEqual(stored);
  expect(await readFile(path)).toEqual(FILE);
  expect(bucket.seen[0]?.headers.authorization).toBeUndefined();
  expect(JSON.stringify(bucket.seen)).not.toContain("a-key");
});

test("what comes cut or altered is fetched again", async () => {
  for (const bad of [cut, altered]) {
    const { rushes, bucket } = await start(bad, whole);
    await rushes.download("vid_1", path);
    expect(await readFile(path)).toEqual(FILE);
    expect(bucket.seen).toHaveLength(2);
  }
});

test("what stays damaged is not stored, and what was there stays as it was", async () => {
  await writeFile(path, "an older film");
  const { rushes } = await start(altered);
  await expect(rushes.download("vid_1", path)).rejects.toMatchObject({ code: "file_damaged" });
  expect(await readFile(path, "utf8")).toBe("an older film");
  expect(await readdir(folder)).toEqual(["film.mp4"]);
});

test("a bucket that has no such file is told of", async () => {
  const { rushes } = await start((response) => void response.writeHead(404).end("<Error/>"));
  await expect(rushes.download("vid_1", path)).rejects.toMatchObject({
    code: "file_unavailable",
    status: 404,
  });
  expect(await readdir(folder)).toEqual([]);
});

test("a folder that is not there is the caller's to mend", async () => {
  const { rushes, bucket } = await start(whole);
  await expect(rushes.download("vid_1", join(folder, "none", "film.mp4"))).rejects.toMatchObject({
    code: "ENOENT",
  });
  expect(bucket.seen).toHaveLength(1);
});

test("content answers the body, contentUrl the link, of the file that was asked for", async () => {
  const { rushes } = await start(whole);
  expect(await (await rushes.content("vid_1")).text()).toBe(FILE.toString());
  expect(await rushes.contentUrl("vid_1", { n: 2 })).toContain(
    encodeURIComponent("/v1/videos/vid_1/content?n=2"),
  );
});

test("a video that is not finished has no link", async () => {
  const api = await startScriptedApi(problem(409, "content_not_ready"));
  servers.push(api);
  const rushes = createClient({ url: api.url });
  await expect(rushes.contentUrl("vid_1")).rejects.toMatchObject({ code: "content_not_ready", status: 409 });
});
