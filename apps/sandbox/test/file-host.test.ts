import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startSandbox, type Sandbox } from "../src/index.ts";
import { createClient, fileUrl, until, type Client } from "./client.ts";

let sandbox: Sandbox;
let client: Client;

beforeAll(async () => {
  sandbox = await startSandbox({ speed: 10_000 });
  client = createClient(sandbox);
});
beforeEach(() => sandbox.reset());
afterAll(() => sandbox.stop());

const finished = async (markers = "") => fileUrl(client, await client.order({ prompt: `a pond ${markers}` }));
const get = (url: string, headers: Record<string, string> = {}) =>
  fetch(url, { headers, redirect: "manual" });
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());
/** The honest file of the only task, as its size and hash were reported. */
const whole = async (url: string) => bytesOf(await get(url));

test("the files are on an origin of their own, and a key sent there is written down", async () => {
  expect(sandbox.fileOrigin).not.toBe(sandbox.origin);
  const url = await finished();
  expect(new URL(url).origin).toBe(sandbox.fileOrigin);
  await (await get(url)).body?.cancel();
  await (await get(url, { authorization: "Bearer a-key" })).body?.cancel();
  const files = sandbox.journal().filter(({ operation }) => operation === "file");
  expect(files.map(({ authorization }) => authorization)).toEqual([false, true]);
  expect(files.map(({ headerNames }) => headerNames?.includes("authorization"))).toEqual([false, true]);
});

test("a task's id may be of any characters and very long, and its file is found all the same", async () => {
  const odd = await client.order({ prompt: "[[task:odd-id]]" });
  expect(odd).toMatch(/^task_\w+\/\.\.\/\?&#%2F\+ :;é$/);
  const long = await client.order({ prompt: "[[task:long-id:3000]]" });
  expect(long).toHaveLength(3000);
  for (const taskId of [odd, long, await client.order({ prompt: "[[task:odd-id: (1)]]" })]) {
    const response = await get(await fileUrl(client, taskId));
    expect(response.status).toBe(200);
    const sha256 = createHash("sha256")
      .update(await bytesOf(response))
      .digest("hex");
    expect(sha256).toBe(sandbox.tasks().find((task) => task.taskId === taskId)?.sha256);
  }
});

test("a URL nobody handed out, or of a task that has not ended well, is 404", async () => {
  const failed = await client.order({ prompt: "[[fail:NSFW]]" });
  await client.ended(failed);
  const unfinished = await client.order({ prompt: "[[task:never]]" });
  for (const path of ["/", "/files/task_0-0.mp4", `/files/${failed}-0.mp4`, `/files/${unfinished}-0.mp4`]) {
    expect((await get(`${sandbox.fileOrigin}${path}`)).status).toBe(404);
  }
});

test("ranges are honoured: first bytes, last bytes, from somewhere on, and beyond the end", async () => {
  const url = await finished();
  const file = await whole(url);
  const ranges: [string, number, number][] = [
    ["bytes=0-99", 0, 100],
    ["bytes=100-", 100, file.length],
    ["bytes=-50", file.length - 50, file.length],
    [`bytes=10-${file.length * 2}`, 10, file.length],
  ];
  for (const [range, from, to] of ranges) {
    const response = await get(url, { range });
    expect([response.status, response.headers.get("content-range")]).toEqual([
      206,
      `bytes ${from}-${to - 1}/${file.length}`,
    ]);
    expect((await bytesOf(response)).equals(file.subarray(from, to))).toBe(true);
  }
  const beyond = await get(url, { range: `bytes=${file.length}-` });
  expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${file.length}`]);
  expect((await get(url, { range: "bytes=0-1,5-6" })).status).toBe(200);
});

test("If-Range gives the part while the ETag is the same, and the whole file when it is not", async () => {
  const url = await finished();
  const etag = (await get(url)).headers.get("etag") ?? "";
  expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
  expect((await get(url, { range: "bytes=5-9", "if-range": etag })).status).toBe(206);
  expect((await get(url, { range: "bytes=5-9", "if-range": '"other"' })).status).toBe(200);
});

test("HEAD tells the length without the bytes, and nothing can be written", async () => {
  const url = await finished();
  const head = await fetch(url, { method: "HEAD" });
  expect(Number(head.headers.get("content-length"))).toBe((await whole(url)).length);
  expect((await bytesOf(head)).length).toBe(0);
  expect((await fetch(url, { method: "PUT", body: "x" })).status).toBe(405);
});

test("a cut file announces its length and ends before it; a reader that goes on gets the rest", async () => {
  const url = await finished("[[result:cut:1]]");
  const response = await get(url);
  expect(response.status).toBe(200);
  await expect(response.arrayBuffer()).rejects.toThrow("terminated");
  expect((await whole(url)).length).toBe(Number(response.headers.get("content-length")));
});

test("a file can end early without anybody noticing from HTTP alone", async () => {
  const url = await finished("[[result:cut-unseen:1]]");
  const response = await get(url);
  expect(response.headers.has("content-length")).toBe(false);
  expect(response.headers.has("transfer-encoding")).toBe(false);
  const half = await bytesOf(response);
  const file = await whole(url);
  expect(half.equals(file.subarray(0, Math.floor(file.length / 2)))).toBe(true);
});

test.each<[string, string]>([
  ["result:no-length:1", "chunked"],
  ["result:until-close:1", "none"],
])("%s sends the whole file without Content-Length", async (marker, encoding) => {
  const url = await finished(`[[${marker}]]`);
  const response = await get(url);
  expect(response.headers.has("content-length")).toBe(false);
  expect(response.headers.get("transfer-encoding") ?? "none").toBe(encoding);
  expect((await bytesOf(response)).equals(await whole(url))).toBe(true);
});

test("a slow file arrives whole, in pieces", async () => {
  // 10 bytes per second at this speed are 100,000, so the sample of 36 kB takes several pieces.
  const url = await finished("[[result:slow:10:1]]");
  const response = await get(url);
  let pieces = 0;
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    pieces += 1;
    bytes += piece.length;
  }
  expect(pieces).toBeGreaterThan(3);
  expect(bytes).toBe((await whole(url)).length);
});

test.each(["result:stall", "result:hang"])("%s leaves the client waiting", async (marker) => {
  const url = await finished(`[[${marker}:1]]`);
  const giveUp = new AbortController();
  const response = fetch(url, { signal: giveUp.signal }).then((answer) => answer.arrayBuffer());
  await until(() => sandbox.journal().some(({ operation }) => operation === "file") || undefined);
  giveUp.abort();
  await expect(response).rejects.toThrow("aborted");
  expect((await get(url)).status).toBe(200);
});

test("a reset connection gives nothing", async () => {
  const url = await finished("[[result:reset:1]]");
  await expect(get(url)).rejects.toThrow("fetch failed");
});

test.each<[string, number, string, string]>([
  ["result:html", 200, "text/html; charset=utf-8", "<!doctype html>"],
  ["result:disguised-html", 200, "video/mp4", "<!doctype html>"],
  ["result:garbage", 200, "video/mp4", "no video no video"],
  ["result:nothing", 200, "video/mp4", ""],
  ["result:expired", 403, "text/html; charset=utf-8", "<html>"],
  ["result:expired:410", 410, "text/html; charset=utf-8", "<html>"],
  ["result:error", 503, "text/html; charset=utf-8", "<html>"],
])("%s serves something that is not the video", async (marker, status, type, start) => {
  const response = await get(await finished(`[[${marker}]]`));
  const text = await response.text();
  expect([response.status, response.headers.get("content-type")]).toEqual([status, type]);
  expect(text.startsWith(start) && (start !== "" || text === "")).toBe(true);
});

test("the right bytes can come under another type", async () => {
  const response = await get(await finished("[[result:mistyped:text/plain]]"));
  expect(response.headers.get("content-type")).toBe("text/plain");
  expect((await bytesOf(response)).toString("latin1", 4, 8)).toBe("ftyp");
});

test("redirects lead to the file after so many hops, or to a private address", async () => {
  const url = await finished("[[result:redirect:2]]");
  const first = await get(url);
  expect([first.status, first.headers.get("location")]).toEqual([302, "?hop=1"]);
  const followed = await fetch(url);
  expect([followed.status, followed.url]).toEqual([200, `${url}?hop=2`]);
  const bad = await get(await finished("[[result:redirect-private]]"));
  expect([bad.status, bad.headers.get("location")]).toEqual([
    302,
    "http://169.254.169.254/latest/meta-data/",
  ]);
});

test("a host may pass over Range, and a changing file gives If-Range no chance", async () => {
  expect((await get(await finished("[[result:no-ranges]]"), { range: "bytes=5-9" })).status).toBe(200);
  const url = await finished("[[result:changing]]");
  const first = await get(url);
  const etag = first.headers.get("etag") ?? "";
  const second = await get(url, { range: "bytes=5-9", "if-range": etag });
  expect(second.status).toBe(200);
  expect((await bytesOf(first)).equals(await bytesOf(second))).toBe(false);
});

test("a file may come gzipped though nobody asked", async () => {
  const url = await finished("[[result:gzip:1]]");
  const response = await get(url, { "accept-encoding": "identity" });
  expect(response.headers.get("content-encoding")).toBe("gzip");
  expect((await bytesOf(response)).equals(await whole(url))).toBe(true);
});

test("a big file is padded and still made of whole boxes", async () => {
  const file = await whole(await finished("[[result:big:2000000]]"));
  expect(file.length).toBe(2_000_000);
  let end = 0;
  while (end < file.length) end += file.readUInt32BE(end);
  expect(end).toBe(file.length);
});

test.each([403, 404, 410] as const)(
  "a URL expires with %i after its life, and a new reading gives a fresh one",
  async (status) => {
    const taskId = await client.order();
    const url = await fileUrl(client, taskId);
    expect((await get(url)).status).toBe(200);
    sandbox.configure({ resultLifeMs: 1, expiredStatus: status });
    expect((await get(url)).status).toBe(status);
    const fresh = await fileUrl(client, taskId);
    expect(fresh).not.toBe(url);
    sandbox.configure({ resultLifeMs: 86_400_000 });
    expect((await get(fresh)).status).toBe(200);
  },
);

test("without fresh URLs an expired file is gone", async () => {
  sandbox.configure({ resultLifeMs: 1_000_000, freshUrls: false });
  const taskId = await client.order();
  const url = await fileUrl(client, taskId);
  await until(async () => (await get(url)).status === 403 || undefined);
  expect(await fileUrl(client, taskId)).toBe(url);
});
