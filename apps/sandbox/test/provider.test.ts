import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startSandbox, type Sandbox } from "../src/index.ts";
import { type Client, createClient, fileUrl, item, TEXT_INPUT } from "./client.ts";

let sandbox: Sandbox;
let client: Client;

beforeAll(async () => {
  sandbox = await startSandbox({ speed: 1_000, seed: "provider" });
  client = createClient(sandbox);
});
beforeEach(() => sandbox.reset());
afterAll(() => sandbox.stop());

const image = "https://images.example/start.jpg";

test("an accepted order is answered with its task id, and is pending, then processing", async () => {
  sandbox.configure({ pendingMs: [1e12, 1e12], faults: { "task:never": 1 } });
  const answer = await client.submit();
  expect([answer.status, answer.json]).toEqual([
    200,
    { code: 200, message: "success", data: { taskId: expect.stringMatching(/^task_\w+$/) } },
  ]);
  const taskId = String(answer.json.data?.["taskId"]);
  const running = { taskId, createTime: item(sandbox.tasks(), 0).createTime };
  expect((await client.status(taskId)).json.data).toEqual({ ...running, state: "pending" });

  sandbox.configure({ pendingMs: [0, 0] });
  const second = await client.order();
  expect((await client.status(second)).json.data).toMatchObject({ taskId: second, state: "processing" });
});

test("an order ends in success, with a playable file", async () => {
  const taskId = await client.order();
  const data = await client.ended(taskId);
  expect(data).toEqual({
    taskId,
    state: "success",
    resultJson: JSON.stringify({ resultUrls: [`${sandbox.fileOrigin}/files/${taskId}-0.mp4`] }),
    createTime: expect.any(Number),
    completeTime: expect.any(Number),
    costTime: data.completeTime - data.createTime,
  });

  const response = await fetch(await fileUrl(client, taskId));
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(response.headers.get("content-type")).toBe("video/mp4");
  expect(response.headers.get("content-length")).toBe(String(bytes.length));
  expect(bytes.subarray(4, 8).toString()).toBe("ftyp");
  expect(boxes(bytes)).toEqual(["ftyp", "moov", "free", "mdat", "free"]);
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(sandbox.tasks()[0]?.sha256);
});

test("every task has a file of its own, in the shape and duration that were ordered", async () => {
  const sizes = new Map<string, number>();
  for (const [shape, size] of Object.entries(SIZES)) {
    for (const duration of [5, 10]) {
      const taskId = await client.order({ aspect_ratio: shape, duration });
      const bytes = Buffer.from(await (await fetch(await fileUrl(client, taskId))).arrayBuffer());
      const seconds =
        bytes.readUInt32BE(bytes.indexOf("mvhd") + 20) / bytes.readUInt32BE(bytes.indexOf("mvhd") + 16);
      const trackHeader = bytes.indexOf("tkhd");
      const width = bytes.readUInt16BE(trackHeader + 80);
      const height = bytes.readUInt16BE(trackHeader + 84);
      expect([shape, seconds, width, height]).toEqual([shape, duration, ...size]);
      sizes.set(createHash("sha256").update(bytes).digest("hex"), bytes.length);
    }
  }
  expect(sizes.size).toBe(6);
  const again = await client.order({ aspect_ratio: "16:9", duration: 5 });
  await client.ended(again);
  expect(new Set(sandbox.tasks().map(({ sha256 }) => sha256)).size).toBe(7);
});

const SIZES = { "16:9": [640, 360], "9:16": [360, 640], "1:1": [480, 480] };

test.each([
  ["standard-image-to-video", [image]],
  ["pro-image-to-video", [image]],
  ["pro-image-to-video", [image, image]],
  ["master-image-to-video", [image]],
  ["master-text-to-video", undefined],
])("%s with images %j is accepted", async (mode, images) => {
  const answer = await client.submit({ mode, ...(images && { image_urls: images }) });
  expect(answer.json.code).toBe(200);
});

test.each<[string, Record<string, unknown>, string]>([
  ["no mode", { mode: undefined }, "Missing required parameter: input.mode"],
  ["an unknown mode", { mode: "basic" }, "Invalid parameter value: input.mode"],
  ["no prompt", { prompt: undefined }, "Missing required parameter: input.prompt"],
  ["an empty prompt", { prompt: "" }, "Invalid parameter value: input.prompt"],
  ["a prompt that is a number", { prompt: 5 }, "Invalid parameter type: input.prompt"],
  ["a prompt of 5001 characters", { prompt: "x".repeat(5001) }, "Param length exceeded: input.prompt"],
  ["no duration", { duration: undefined }, "Missing required parameter: input.duration"],
  ["a duration of 7", { duration: 7 }, "Invalid parameter value: input.duration"],
  ["a duration in words", { duration: "5" }, "Invalid parameter value: input.duration"],
  ["images for text-to-video", { image_urls: [image] }, "Invalid parameter value: input.image_urls"],
  ["a shape nobody knows", { aspect_ratio: "4:3" }, "Invalid parameter value: input.aspect_ratio"],
  ["a shape that is a number", { aspect_ratio: 1 }, "Invalid parameter type: input.aspect_ratio"],
  [
    "501 characters of negative_prompt",
    { negative_prompt: "x".repeat(501) },
    "Param length exceeded: input.negative_prompt",
  ],
  [
    "a negative_prompt that is no text",
    { negative_prompt: [] },
    "Invalid parameter type: input.negative_prompt",
  ],
  ["a cfg_scale above 1", { cfg_scale: 1.1 }, "Invalid parameter value: input.cfg_scale"],
  ["a cfg_scale in words", { cfg_scale: "0.5" }, "Invalid parameter type: input.cfg_scale"],
  [
    "no image for image-to-video",
    { mode: "standard-image-to-video" },
    "Missing required parameter: input.image_urls",
  ],
  [
    "an empty list of images",
    { mode: "pro-image-to-video", image_urls: [] },
    "Invalid parameter value: input.image_urls",
  ],
  [
    "two images for standard",
    { mode: "standard-image-to-video", image_urls: [image, image] },
    "Param length exceeded: input.image_urls",
  ],
  [
    "two images for master",
    { mode: "master-image-to-video", image_urls: [image, image] },
    "Param length exceeded: input.image_urls",
  ],
  [
    "three images for pro",
    { mode: "pro-image-to-video", image_urls: [image, image, image] },
    "Param length exceeded: input.image_urls",
  ],
  [
    "an image that is no URL",
    { mode: "standard-image-to-video", image_urls: ["cat.jpg"] },
    "Invalid parameter value: input.image_urls.0",
  ],
  [
    "an image by FTP",
    { mode: "standard-image-to-video", image_urls: ["ftp://a.example/b.jpg"] },
    "Invalid parameter value: input.image_urls.0",
  ],
  [
    "images that are no list",
    { mode: "standard-image-to-video", image_urls: image },
    "Invalid parameter type: input.image_urls",
  ],
])("%s is refused with 400, and nothing is charged", async (_what, change, message) => {
  const answer = await client.submit(change);
  expect([answer.status, answer.json]).toEqual([400, { code: 400, message, data: null }]);
  expect(sandbox.bill().charges).toEqual([]);
});

test.each<[string, Record<string, unknown>, string]>([
  ["a callback without URL", { request_type: "callback" }, "Missing required parameter: callback_url"],
  [
    "a callback over plain HTTP",
    { request_type: "callback", callback_url: "http://example.com/" },
    "Invalid parameter value: callback_url",
  ],
  ["a delivery nobody knows", { request_type: "email" }, "Invalid parameter value: request_type"],
])("%s is refused with 400", async (_what, envelope, message) => {
  expect((await client.submit({}, envelope)).json).toEqual({ code: 400, message, data: null });
});

test("a body that is not JSON, not an object, or not declared as JSON is refused with 400", async () => {
  const post = async (body: string, type = "application/json") => {
    const headers = { authorization: "Bearer a-key", "content-type": type };
    const response = await fetch(`${sandbox.url}/generateTask/kling-2-1`, { method: "POST", headers, body });
    return [response.status, ((await response.json()) as { code: number }).code];
  };
  expect(await post("{")).toEqual([400, 400]);
  expect(await post("[]")).toEqual([400, 400]);
  expect(await post("null")).toEqual([400, 400]);
  expect(await post(JSON.stringify({ input: TEXT_INPUT }), "text/plain")).toEqual([400, 400]);
  expect(await post(JSON.stringify({ input: TEXT_INPUT }))).toEqual([200, 200]);
});

test("5000 emojis are 5000 characters", async () => {
  expect((await client.submit({ prompt: "🎬".repeat(5000) })).status).toBe(200);
  expect((await client.submit({ prompt: "🎬".repeat(5001) })).status).toBe(400);
});

test("an aspect ratio on an image mode, and unknown fields, are passed over unless set otherwise", async () => {
  const withRatio = { mode: "standard-image-to-video", image_urls: [image], aspect_ratio: "9:16" };
  expect((await client.submit(withRatio)).status).toBe(200);
  expect((await client.submit({ seed: 1 })).status).toBe(200);
  sandbox.configure({ aspectRatioOnImages: "refuse", unknownFields: "refuse" });
  expect((await client.submit(withRatio)).json.message).toBe("Invalid parameter value: input.aspect_ratio");
  expect((await client.submit({ seed: 1 })).json.message).toBe("Invalid parameter value: seed");
});

test("a private image URL fails the task with ImageNotAccess and refunds it", async () => {
  for (const url of ["http://localhost/a.jpg", "http://10.1.2.3/a.jpg", "http://[::1]/a.jpg"]) {
    const taskId = await client.order({ mode: "standard-image-to-video", image_urls: [url] });
    expect(await client.ended(taskId)).toMatchObject({ state: "failed", failCode: "ImageNotAccess" });
  }
  expect(sandbox.bill().totals).toMatchObject({ charges: 3, refunds: 3, netUsd: 0 });
});

test("unknown models, tasks and paths are 404 envelopes, a missing task id 400", async () => {
  const get = async (path: string) => {
    const response = await fetch(`${sandbox.url}${path}`, { headers: { authorization: "Bearer a-key" } });
    return (await response.json()) as object;
  };
  expect(await get("/statusTask/kling-2-1?taskId=task_0")).toEqual({
    code: 404,
    message: "Task not found",
    data: null,
  });
  expect(await get("/statusTask/sora?taskId=task_0")).toMatchObject({ code: 404 });
  expect(await get("/statusTask/kling-2-1")).toMatchObject({ code: 400 });
  expect(await get("/listTasks")).toMatchObject({ code: 404, data: null });
});

test("a request without a key is 401 everywhere, and a task is shown to its own key only", async () => {
  const paths = ["/statusTask/kling-2-1?taskId=x", "/apikeys/current-balance"];
  for (const path of paths) {
    for (const authorization of ["", "Bearer ", "Basic abc"]) {
      const response = await fetch(`${sandbox.url}${path}`, { headers: { authorization } });
      expect([response.status, await response.json()]).toEqual([
        401,
        { code: 401, message: "Missing or invalid API key", data: null },
      ]);
    }
  }
  const taskId = await client.order();
  expect((await createClient(sandbox, "another-key").status(taskId)).status).toBe(404);
});

test("with a list of keys only those are let in", async () => {
  const strict = await startSandbox({ keys: ["first", "second"] });
  try {
    const statuses = ["first", "second", "third"].map(
      async (key) => (await createClient(strict, key).submit()).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 401]);
  } finally {
    await strict.stop();
  }
});

test("requests without a User-Agent meet a gateway's page when that is set", async () => {
  sandbox.configure({ requireUserAgent: true });
  const headers = { authorization: "Bearer a-key", "user-agent": "" };
  const response = await fetch(`${sandbox.url}/apikeys/current-balance`, { headers });
  expect([response.status, response.headers.get("content-type")]).toEqual([403, "text/html"]);
  expect(await client.balance()).toBe(100_000);
});

test("the provider's clock may be off without changing how long a task took", async () => {
  sandbox.configure({ clockSkewMs: -3_600_000 });
  const { createTime, completeTime, costTime } = await client.ended(await client.order());
  expect(createTime).toBe(item(sandbox.tasks(), 0).createTime - 3_600_000);
  expect(costTime).toBe(completeTime - createTime);
});

test("generation takes 60 to 90 seconds for 5-second videos and 90 to 120 for 10-second ones", async () => {
  for (const duration of [5, 5, 5, 10, 10, 10]) await client.order({ duration });
  const seconds = sandbox.tasks().map(({ createTime, dueTime }) => Number(dueTime) - createTime);
  for (const lasted of seconds.slice(0, 3)) expect(lasted >= 60 && lasted <= 90).toBe(true);
  for (const lasted of seconds.slice(3)) expect(lasted >= 90 && lasted <= 120).toBe(true);
});

test("the same seed gives the same luck, another seed another", async () => {
  const durations = async (seed: string) => {
    const one = await startSandbox({ seed, speed: 1, faults: { "fail:Timeout": 0.5 } });
    const orders = createClient(one);
    for (let nth = 0; nth < 12; nth += 1) await orders.order();
    const found = one.tasks().map(({ createTime, dueTime }) => Number(dueTime) - createTime);
    await one.stop();
    return found;
  };
  expect(await durations("7")).toEqual(await durations("7"));
  expect(await durations("8")).not.toEqual(await durations("7"));
});

/** The names of the boxes at the top of an MP4 file; throws if their sizes do not add up to the file. */
function boxes(file: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at < file.length; at += file.readUInt32BE(at))
    names.push(file.toString("latin1", at + 4, at + 8));
  return names;
}
