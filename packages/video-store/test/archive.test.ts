import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { startFauxqs, type FauxqsServer } from "fauxqs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { VideoStore } from "../src/index.ts";
import { serveFile, startFileHost, type FileHost } from "./file-host.ts";
import { MOOV_FACTS, mp4File, sha256 } from "./mp4-file.ts";
import {
  BUCKET,
  CREDENTIALS,
  failureOf,
  openTestStore,
  PLAIN_KEY,
  recordingLog,
  resultFile,
} from "./test-store.ts";

const small = mp4File(10_000);
const big = mp4File(9 * 1024 * 1024, 2);

let s3: FauxqsServer;
let endpoint: string;
let client: S3Client;
let host: FileHost;
let store: VideoStore;

beforeAll(async () => {
  s3 = await startFauxqs({ port: 0, logger: false });
  s3.createBucket(BUCKET);
  endpoint = `http://127.0.0.1:${s3.port}`;
  client = new S3Client({ region: "us-east-1", endpoint, forcePathStyle: true, credentials: CREDENTIALS });
});
afterAll(async () => {
  client.destroy();
  await s3.stop();
});
beforeEach(() => {
  store = openTestStore(endpoint);
});
afterEach(async () => {
  await store.close();
  await host.close();
  s3.emptyBucket(BUCKET);
});

async function stored(key: string) {
  const answer = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
  return { ...answer, bytes: Buffer.from((await answer.Body?.transformToByteArray()) ?? []) };
}

async function storedKeys(): Promise<(string | undefined)[]> {
  const answer = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  return (answer.Contents ?? []).map((object) => object.Key);
}

describe("archiving against an S3 server", () => {
  it("copies a file, byte for byte, and tells what it is", async () => {
    host = await startFileHost(serveFile(small));
    expect(await store.archive(resultFile(`${host.url}/a.mp4`))).toEqual({
      bucket: BUCKET,
      key: PLAIN_KEY,
      bytes: small.length,
      sha256: sha256(small),
      content_type: "video/mp4",
      url: `s3://${BUCKET}/${PLAIN_KEY}`,
      media: MOOV_FACTS,
    });
    const object = await stored(PLAIN_KEY);
    expect(sha256(object.bytes)).toBe(sha256(small));
    expect(object.ContentType).toBe("video/mp4");
    expect(object.Metadata).toEqual({
      "video-id": "vid_1",
      "task-id": "task-1",
      mode: "master-text-to-video",
      file: "1/1",
    });
  });

  it("copies a file of several megabytes and tells of its progress", async () => {
    host = await startFileHost(serveFile(big));
    const seen: [number, number | null][] = [];
    const file = await store.archive(resultFile(`${host.url}/a.mp4`), {
      onProgress: (bytes, total) => seen.push([bytes, total]),
    });
    expect(file).toMatchObject({ bytes: big.length, sha256: sha256(big) });
    expect((await stored(PLAIN_KEY)).bytes.equals(big)).toBe(true);
    expect(seen.at(-1)).toEqual([big.length, big.length]);
    expect(seen.length).toBeGreaterThan(10);
    expect(seen.map(([bytes]) => bytes)).toEqual(seen.map(([bytes]) => bytes).toSorted((a, b) => a - b));
  });

  it("copies a file the store takes only in parts", async () => {
    const log = recordingLog();
    await store.close();
    store = openTestStore(endpoint, { log });
    // fauxqs refuses single puts above 11 MiB with 413.
    const huge = mp4File(21 * 1024 * 1024, 3);
    host = await startFileHost(serveFile(huge));
    expect(await store.archive(resultFile(`${host.url}/a.mp4`))).toMatchObject({ sha256: sha256(huge) });
    expect((await stored(PLAIN_KEY)).bytes.equals(huge)).toBe(true);
    expect(log.lines).toMatchObject([
      { level: "warn", message: expect.stringContaining("sending parts") as string },
    ]);
    await store.archive(resultFile(`${host.url}/a.mp4`, { videoId: "vid_2" }));
    expect(log.lines).toHaveLength(1);
  });

  it("answers a repeat with the same and sends nothing again", async () => {
    host = await startFileHost(serveFile(small));
    const first = await store.archive(resultFile(`${host.url}/a.mp4`));
    const modified = (await stored(PLAIN_KEY)).LastModified;
    expect(await store.archive(resultFile(`${host.url}/elsewhere.mp4`))).toEqual(first);
    expect((await stored(PLAIN_KEY)).LastModified).toEqual(modified);
    expect(await storedKeys()).toEqual([PLAIN_KEY]);
  });

  it("numbers further files of one video", async () => {
    host = await startFileHost(serveFile(small));
    await store.archive(resultFile(`${host.url}/a.mp4`));
    const second = await store.archive(resultFile(`${host.url}/b.mp4`, { index: 1 }));
    expect(second.key).toBe("2026/01/02/vid_1-2.mp4");
    expect(await storedKeys()).toEqual(["2026/01/02/vid_1-2.mp4", PLAIN_KEY].toSorted());
  });

  it("copies a chunked body whose length nobody told", async () => {
    host = await startFileHost((_request, response) => {
      response.write(big.subarray(0, 1_000_000));
      response.end(big.subarray(1_000_000));
    });
    const totals = new Set<number | null>();
    const file = await store.archive(resultFile(`${host.url}/a.mp4`), {
      onProgress: (_, total) => totals.add(total),
    });
    expect(file).toMatchObject({ bytes: big.length, sha256: sha256(big), media: MOOV_FACTS });
    expect((await stored(PLAIN_KEY)).bytes.equals(big)).toBe(true);
    expect([...totals]).toEqual([null]);
  });

  it("carries a task id that no header could", async () => {
    host = await startFileHost(serveFile(small));
    await store.archive(resultFile(`${host.url}/a.mp4`, { taskId: "tâche\n 1" }));
    expect((await stored(PLAIN_KEY)).Metadata).toMatchObject({ "task-id": "t%C3%A2che%0A%201" });
  });

  it("tells of a file where its video was ordered", async () => {
    host = await startFileHost(serveFile(small));
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const origin = { request_id: "checkout-4711", traceparent };
    await store.archive({ ...resultFile(`${host.url}/a.mp4`), origin });
    expect((await stored(PLAIN_KEY)).Metadata).toMatchObject({ "request-id": "checkout-4711", traceparent });
  });

  it("sends no credentials, a user agent of its own, and asks for identity encoding", async () => {
    host = await startFileHost(serveFile(small));
    await store.archive(resultFile(`${host.url}/a.mp4`));
    const [request] = host.requests;
    expect(request?.headers).toMatchObject({
      "user-agent": expect.stringMatching(/^rushes-archive\//) as string,
      "accept-encoding": "identity",
    });
    expect(request?.headers).not.toHaveProperty("authorization");
    expect(request?.headers).not.toHaveProperty("cookie");
  });

  it("checks the bucket, and says when a person is needed", async () => {
    host = await startFileHost(serveFile(small));
    await store.check();
    const lost = openTestStore(endpoint, { bucket: "no-such-bucket" });
    expect(await failureOf(lost.check())).toMatchObject({
      kind: "misconfigured",
      code: "bucket_misconfigured",
    });
    expect(await failureOf(lost.archive(resultFile(`${host.url}/a.mp4`)))).toMatchObject({
      kind: "misconfigured",
      class: "archive",
      code: "bucket_misconfigured",
    });
    await lost.close();
    const nowhere = openTestStore("http://127.0.0.1:1");
    expect(await failureOf(nowhere.check())).toMatchObject({
      kind: "unavailable",
      code: "bucket_unavailable",
    });
    await nowhere.close();
  });
});
