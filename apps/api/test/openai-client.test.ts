import OpenAI from "openai";
import { Redis } from "ioredis";
import { createLedger } from "@rushes/ledger";
import type { StoredFile } from "@rushes/pipeline";
import { startTestRedis, startTestS3, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { videoSchema } from "../src/video-schema.ts";
import { freshKey, runApi, sha256Hex, type RunningApi } from "./running-api.ts";

const KEY = "anna-key-0123456789";
const API_KEYS = `anna:${sha256Hex(KEY)}`;

let server: TestRedis;
const running: RunningApi[] = [];

beforeAll(async () => {
  server = await startTestRedis();
});

afterAll(async () => {
  for (const api of running) await api.stop(new AbortController().signal);
  await server.stop();
});

async function run(environment: Record<string, string> = {}): Promise<{ api: RunningApi; client: OpenAI }> {
  const api = await runApi(server.url, { API_KEYS, ...environment });
  running.push(api);
  return { api, client: new OpenAI({ baseURL: `${api.url}/v1`, apiKey: KEY, maxRetries: 0 }) };
}

/** Its types know OpenAI's own models and lengths only. */
const asked = (body: object): OpenAI.VideoCreateParams => body as OpenAI.VideoCreateParams;

describe("the openai client as it is", () => {
  test("creates, retrieves and lists videos, where keys are not required", async () => {
    const { client } = await run({ REQUIRE_IDEMPOTENCY_KEY: "false" });
    const created = await client.videos.create(
      asked({ model: "kling-2-1", prompt: "a quiet harbour", seconds: "10", size: "720x1280" }),
    );
    expect(created).toMatchObject({
      object: "video",
      model: "kling-2-1",
      status: "queued",
      progress: 0,
      prompt: "a quiet harbour",
      seconds: "10",
      size: "720x1280",
      expires_at: null,
      completed_at: null,
      error: null,
    });
    expect(created).toMatchObject({
      input: { mode: "master-text-to-video", duration: 10, aspect_ratio: "9:16" },
    });
    const { _request_id: _, ...plain } = created;
    expect(videoSchema.parse(plain)).toEqual(plain);
    expect(await client.videos.retrieve(created.id)).toMatchObject({ id: created.id, status: "queued" });

    const ids = [created.id];
    for (let count = 0; count < 4; count += 1)
      ids.push((await client.videos.create(asked({ prompt: "more" }))).id);
    const listed: string[] = [];
    // Page after page, by the client's own cursor.
    for await (const video of client.videos.list({ limit: 2 })) listed.push(video.id);
    expect(listed).toEqual(ids.toSorted().toReversed());
  });

  test("makes a video of an image by its URL", async () => {
    const { client } = await run({ REQUIRE_IDEMPOTENCY_KEY: "false" });
    const image = { image_url: "https://images.example/a.jpg" };
    for (const [model, mode] of [
      ["kling-2-1", "standard-image-to-video"],
      ["kling-2-1-pro", "pro-image-to-video"],
      ["kling-2-1-master", "master-image-to-video"],
    ]) {
      const video = await client.videos.create(
        asked({ model, prompt: "a lake", size: "1280x720", input_reference: image }),
      );
      expect(video).toMatchObject({ input: { mode, image_urls: [image.image_url] }, size: null });
    }
  });

  test("downloads the content of a completed video out of the bucket", async () => {
    const s3 = await startTestS3();
    const redis = new Redis(server.url);
    try {
      const { api, client } = await run({
        REQUIRE_IDEMPOTENCY_KEY: "false",
        ARCHIVE_BUCKET: s3.bucket,
        AWS_ENDPOINT_URL_S3: s3.endpoint,
        S3_FORCE_PATH_STYLE: "true",
        AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
      });
      const { id } = await client.videos.create(asked({ prompt: "a lake" }));
      const key = `${id}.mp4`;
      await fetch(`${s3.endpoint}/${s3.bucket}/${key}`, {
        method: "PUT",
        headers: { "content-type": "video/mp4" },
        body: "the bytes of a video",
      });
      const place = { url: `s3://${s3.bucket}/${key}`, bucket: s3.bucket, key, content_type: "video/mp4" };
      const file: StoredFile = { ...place, bytes: 20, sha256: sha256Hex("the bytes of a video") };
      const ledger = createLedger(redis, api.prefix, {
        ...{ budgetMicros: null, leaseMaxMs: 60_000, submitDeadlineMs: 60_000, billFailedTasks: false },
      });
      const claim = await ledger.claimSubmission([{ name: "main", concurrency: 9, rate: 1_000 }]);
      if (claim.kind !== "claimed") throw new Error("no claim");
      await ledger.learnAnswer(claim, { fact: "accepted", taskId: "task", firstLookMs: 0 });
      await ledger.recordLook(claim, "task", {
        report: "succeeded",
        resultUrls: ["https://files.example/a.mp4"],
      });
      await ledger.recordArchive(claim, "task", { result: "stored", output: [file], manifest: file });

      expect(await client.videos.retrieve(id)).toMatchObject({ status: "completed", progress: 100 });
      const content = await client.videos.downloadContent(id);
      expect(content.headers.get("content-type")).toBe("video/mp4");
      expect(await content.text()).toBe("the bytes of a video");
    } finally {
      redis.disconnect();
      await s3.stop();
    }
  });

  test("is told what is wrong in its own words", async () => {
    const { client } = await run({ REQUIRE_IDEMPOTENCY_KEY: "false" });
    const refused = client.videos.create(asked({ model: "sora-2", prompt: "a", seconds: "4" }));
    await expect(refused).rejects.toMatchObject({ status: 422 });
    const file = new File(["not an image"], "a.png", { type: "image/png" });
    await expect(client.videos.create(asked({ prompt: "a", input_reference: file }))).rejects.toMatchObject({
      status: 422,
    });
    await expect(client.videos.retrieve(`vid_${"0".repeat(26)}`)).rejects.toMatchObject({ status: 404 });
    const stranger = new OpenAI({ baseURL: client.baseURL, apiKey: "nobody", maxRetries: 0 });
    await expect(stranger.videos.create(asked({ prompt: "a" }))).rejects.toMatchObject({ status: 401 });
  });

  test("sends no idempotency key by itself, and takes one as a header", async () => {
    const { client } = await run();
    await expect(client.videos.create(asked({ prompt: "a lake" }))).rejects.toMatchObject({ status: 400 });
    const options = { headers: { "Idempotency-Key": freshKey() } };
    const first = await client.videos.create(asked({ prompt: "a lake" }), options);
    const second = await client.videos.create(asked({ prompt: "a lake" }), options);
    expect(second.id).toBe(first.id);
  });
});

describe("a form", () => {
  async function postForm(
    api: RunningApi,
    fields: [string, string | File][],
    contentType?: string,
  ): Promise<Response> {
    const body = new FormData();
    for (const [name, value] of fields) body.append(name, value);
    const encoded = new Response(body);
    return await fetch(`${api.url}/v1/videos`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${KEY}`,
        "idempotency-key": freshKey(),
        "content-type": contentType ?? encoded.headers.get("content-type") ?? "",
      },
      body: await encoded.arrayBuffer(),
    });
  }

  test("orders as the same fields in JSON do", async () => {
    const { api } = await run();
    const answer = await postForm(api, [
      ["prompt", "ein See – 🎬"],
      ["seconds", "10"],
      ["model", "kling-2-1-pro"],
      ["input_reference[image_url]", "https://images.example/a.jpg"],
    ]);
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({
      input: {
        mode: "pro-image-to-video",
        prompt: "ein See – 🎬",
        duration: 10,
        image_urls: ["https://images.example/a.jpg"],
      },
    });
  });

  test("that is broken, has a field twice, or says what no order has, is refused", async () => {
    const { api } = await run();
    const prompt: [string, string] = ["prompt", "a"];
    const codeOf = async (answer: Response): Promise<unknown> =>
      ((await answer.json()) as { code: string }).code;
    expect(await codeOf(await postForm(api, [prompt], "multipart/form-data; boundary=other"))).toBe(
      "malformed_request",
    );
    expect(await codeOf(await postForm(api, [prompt, prompt]))).toBe("malformed_request");
    for (const odd of [
      "__proto__",
      "constructor",
      "unheard_of",
      "input_reference[file_id]",
      "__proto__[image_url]",
    ]) {
      expect([odd, await codeOf(await postForm(api, [prompt, [odd, "x"]]))]).toEqual([odd, "invalid_order"]);
    }
    const large = new File(["x".repeat(300_000)], "a.png");
    expect(await codeOf(await postForm(api, [prompt, ["input_reference", large]]))).toBe("body_too_large");
  });

  test("is no body for any other call", async () => {
    const { api } = await run();
    const { json } = await api.order({ prompt: "a lake" }, { key: KEY });
    const body = new FormData();
    body.append("a", "b");
    const answer = await fetch(`${api.url}/v1/videos/${json.id}/cancel`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}` },
      body,
    });
    expect(answer.status).toBe(415);
  });
});
