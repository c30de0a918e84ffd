import { createHash } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Ledger } from "@rushes/ledger";
import type { AttemptKey, StoredFile } from "@rushes/pipeline";
import { startTestRedis, startTestS3, type TestRedis, type TestS3 } from "@rushes/test-rig";
import {
  runApi,
  sha256Hex,
  textOrder,
  workersLedger,
  type Answer,
  type AskOptions,
  type RunningApi,
} from "./running-api.ts";

const ANNA = "anna-key-0123456789";
const BEN = "ben-key-0123456789";
const OPS = "ops-key-0123456789";
const API_KEYS = `anna:${sha256Hex(ANNA)},ben:${sha256Hex(BEN)},ops:${sha256Hex(OPS)}:admin`;
const MISSING_ID = `vid_${"0".repeat(26)}`;

let server: TestRedis;
let redis: Redis;
let s3: TestS3;
let api: RunningApi;
/** Plays the workers. */
let ledger: Ledger;

beforeAll(async () => {
  [server, s3] = await Promise.all([startTestRedis({ appendOnly: false }), startTestS3()]);
  redis = new Redis(server.url);
});
beforeEach(() => startApi());
afterAll(async () => {
  redis.disconnect();
  await Promise.all([server.stop(), s3.stop()]);
});

async function startApi(changes: Record<string, string> = {}): Promise<() => Promise<void>> {
  api = await runApi(server.url, {
    API_KEYS,
    ARCHIVE_BUCKET: s3.bucket,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    S3_FORCE_PATH_STYLE: "true",
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    ...changes,
  });
  ledger = workersLedger(redis, api);
  const started = api;
  return async () => await started.stop(new AbortController().signal);
}

async function ordered(): Promise<AttemptKey> {
  await api.order(textOrder(), { key: ANNA });
  const claim = await ledger.claimSubmission([{ name: "main", concurrency: 99, rate: 1_000_000 }]);
  if (claim.kind !== "claimed") throw new Error(`expected a claim, got ${claim.kind}`);
  await ledger.learnAnswer(claim, { fact: "accepted", taskId: claim.videoId, firstLookMs: 60_000 });
  return claim;
}

/** Anna's video with so many files, which are in the bucket. */
async function completed(texts: readonly string[]): Promise<string> {
  const attempt = await ordered();
  const { videoId } = attempt;
  const output: StoredFile[] = [];
  for (const [index, text] of texts.entries()) {
    const key = `2026/01/02/${videoId} ${index + 1}.mp4`;
    await fetch(`${s3.endpoint}/${s3.bucket}/${encodeURI(key)}`, {
      method: "PUT",
      headers: { "content-type": "video/mp4", "content-disposition": `inline; filename="${videoId}.mp4"` },
      body: text,
    });
    const file = { bucket: s3.bucket, key, bytes: text.length, content_type: "video/mp4" };
    output.push({ ...file, url: `s3://${s3.bucket}/${key}`, sha256: sha256Hex(text) });
  }
  await ledger.recordLook(attempt, videoId, { report: "succeeded", resultUrls: ["https://files.example/"] });
  const [manifest] = output;
  if (!manifest) throw new Error("a video has a file");
  await ledger.recordArchive(attempt, videoId, { result: "stored", output, manifest });
  return videoId;
}

/** The answer itself and not what it leads to. */
async function content(id: string, more = "", options: AskOptions = { key: ANNA }): Promise<Response> {
  return await fetch(`${api.url}/v1/videos/${id}/content${more}`, {
    redirect: "manual",
    ...(options.method ? { method: options.method } : {}),
    headers: { authorization: `Bearer ${options.key}` },
  });
}
const ask = (id: string, more = "", key = ANNA): Promise<Answer> =>
  api.ask(`/v1/videos/${id}/content${more}`, { key });
const code = ({ status, json }: Answer): [number, string] => [status, json.code];

describe("the content of a completed video", () => {
  test("is reached by a link that needs no key, and is the file of the record", async () => {
    const id = await completed(["the only file"]);
    const { status, headers } = await content(id);
    expect([status, headers.get("cache-control")]).toEqual([302, "no-store"]);
    const link = new URL(headers.get("location") ?? "");
    expect(Number(link.searchParams.get("X-Amz-Expires"))).toBe(900);
    expect(link.href).not.toContain(s3.credentials.secretAccessKey);
    const file = await fetch(link);
    const sha256 = createHash("sha256")
      .update(Buffer.from(await file.arrayBuffer()))
      .digest("hex");
    const { json } = await api.ask(`/v1/videos/${id}`, { key: ANNA });
    expect(sha256).toBe(json.output[0].sha256);
    expect(file.headers.get("content-type")).toBe("video/mp4");
    expect(file.headers.get("content-disposition")).toBe(`inline; filename="${id}.mp4"`);
  });

  test("of several files is the first, or the one that is asked for", async () => {
    const id = await completed(["first", "second"]);
    const textOf = async (more: string): Promise<string> =>
      await (await fetch((await content(id, more)).headers.get("location") ?? "")).text();
    expect([await textOf(""), await textOf("?n=1"), await textOf("?n=2")]).toEqual([
      "first",
      "first",
      "second",
    ]);
    expect(code(await ask(id, "?n=3"))).toEqual([404, "file_not_found"]);
    for (const n of ["0", "-1", "1.5", "x", ""]) {
      expect(code(await ask(id, `?n=${n}`))).toEqual([422, "invalid_query"]);
    }
    expect(code(await ask(id, "?m=1"))).toEqual([422, "invalid_query"]);
  });

  test("can be looked at without being fetched: a link for HEAD is signed for HEAD", async () => {
    const id = await completed(["the only file"]);
    const head = (await content(id, "", { method: "HEAD", key: ANNA })).headers.get("location") ?? "";
    const get = (await content(id)).headers.get("location") ?? "";
    const signatureOf = (link: string): string | null => new URL(link).searchParams.get("X-Amz-Signature");
    expect(signatureOf(head)).not.toBe(signatureOf(get));
    expect((await fetch(head, { method: "HEAD" })).headers.get("content-length")).toBe("13");
  });

  test("is its caller's and the operators' alone", async () => {
    const id = await completed(["the only file"]);
    expect((await content(id, "", { key: OPS })).status).toBe(302);
    expect(code(await ask(id, "", BEN))).toEqual([404, "video_not_found"]);
    expect(code(await ask(MISSING_ID))).toEqual([404, "video_not_found"]);
    expect((await api.ask(`/v1/videos/${id}/content`)).status).toBe(401);
  });
});

test("before the video is completed there is none yet: 409", async () => {
  const { json } = await api.order(textOrder(), { key: ANNA });
  expect(code(await ask(json.id))).toEqual([409, "content_not_ready"]);
  expect(code(await ask(json.id, "", BEN))).toEqual([404, "video_not_found"]);
});

test("after it failed or was cancelled there will be none: 410", async () => {
  const { json } = await api.order(textOrder(), { key: ANNA });
  await ledger.cancel(json.id);
  expect(code(await ask(json.id))).toEqual([410, "content_gone"]);
  const attempt = await ordered();
  const problem = { code: "result_expired", class: "archive", message: "gone" } as const;
  await ledger.recordLook(attempt, attempt.videoId, { report: "lost", problem });
  const answer = await ask(attempt.videoId);
  expect(code(answer)).toEqual([410, "content_gone"]);
  expect(answer.json.detail).toContain("result_expired");
});

test("an api that does not know the bucket says so, after what there is to say of the video", async () => {
  const stop = await startApi({ ARCHIVE_BUCKET: "" });
  try {
    expect(code(await ask(await completed(["a"])))).toEqual([501, "content_links_off"]);
    expect(code(await ask(MISSING_ID))).toEqual([404, "video_not_found"]);
  } finally {
    await stop();
  }
});
