import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { VideoStore } from "../src/index.ts";
import { startBucketStub, type BucketStub } from "./bucket-stub.ts";
import { failureOf, openTestStore, recordingLog } from "./test-store.ts";

const KEY = "2026/01/02/vid_1.json";
const manifest = {
  videoId: "vid_1",
  taskId: "task-1",
  mode: "master-text-to-video",
  createdAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  text: '{"object": "manifest", "prompt": "höher"}\n',
};
const sha256 = createHash("sha256").update(manifest.text).digest("hex");
const HASH_KEY = `2026/01/02/vid_1-${sha256.slice(0, 8)}.json`;

let bucket: BucketStub;
let store: VideoStore;
let log: ReturnType<typeof recordingLog>;
beforeEach(async () => {
  bucket = await startBucketStub();
  log = recordingLog();
  store = openTestStore(bucket.endpoint, { log });
});
afterEach(async () => {
  await store.close();
  await bucket.close();
});

const puts = () => bucket.requests.filter(({ method }) => method === "PUT");

describe("a manifest", () => {
  it("is stored beside the file as JSON, on condition that its key is free", async () => {
    expect(await store.storeManifest(manifest)).toEqual({
      bucket: "films",
      key: KEY,
      bytes: Buffer.byteLength(manifest.text),
      sha256,
      content_type: "application/json",
      url: `s3://films/${KEY}`,
    });
    expect(bucket.objects.get(KEY)?.bytes.toString()).toBe(manifest.text);
    expect(puts()[0]?.headers).toMatchObject({
      "if-none-match": "*",
      "content-type": "application/json",
      "content-disposition": 'inline; filename="vid_1.json"',
      "x-amz-meta-video-id": "vid_1",
      "x-amz-meta-task-id": "task-1",
      "x-amz-meta-mode": "master-text-to-video",
    });
  });

  it("that is there already is success, and is not sent again", async () => {
    const first = await store.storeManifest(manifest);
    expect(await store.storeManifest(manifest)).toEqual(first);
    expect(puts()).toHaveLength(1);
    expect(log.lines).toEqual([]);
  });

  it("never replaces another: that one stays, it goes beside it, and somebody is told", async () => {
    const other = Buffer.from("{}");
    bucket.objects.set(KEY, { bytes: other, headers: {} });
    expect(await store.storeManifest(manifest)).toMatchObject({ key: HASH_KEY, sha256 });
    expect(bucket.objects.get(KEY)?.bytes).toBe(other);
    expect(bucket.objects.get(HASH_KEY)?.bytes.toString()).toBe(manifest.text);
    expect(log.lines).toMatchObject([{ level: "error", fields: { key: KEY, insteadKey: HASH_KEY } }]);
  });

  it("goes to a store that knows no conditions after a look", async () => {
    bucket.knowsCondition = false;
    expect(await store.storeManifest(manifest)).toMatchObject({ key: KEY });
    expect(puts().map(({ headers }) => headers["if-none-match"])).toEqual(["*", undefined]);
  });

  it("is tried again later when the bucket is away or takes nothing", async () => {
    bucket.fault = ({ method }) =>
      method === "PUT" ? { status: 503, code: "SlowDown", when: "after" } : null;
    expect(await failureOf(store.storeManifest(manifest))).toMatchObject({ code: "bucket_unavailable" });
    await store.close();
    store = openTestStore(bucket.endpoint, { patience: { bucketStallMs: 200, windowMs: 200 } });
    bucket.fault = () => ({ silent: true });
    expect(await failureOf(store.storeManifest(manifest))).toMatchObject({ code: "bucket_unavailable" });
  });
});

describe("what is stored is compared with what is recorded", () => {
  it("same, different in length or bytes, or missing", async () => {
    const file = await store.storeManifest(manifest);
    expect(await store.compare(file)).toBe("same");
    const bytes = Buffer.from(manifest.text);
    bucket.objects.set(KEY, { bytes: bytes.subarray(1), headers: {} });
    expect(await store.compare(file)).toBe("different");
    bytes[3] = 0;
    bucket.objects.set(KEY, { bytes, headers: {} });
    expect(await store.compare(file)).toBe("different");
    bucket.objects.delete(KEY);
    expect(await store.compare(file)).toBe("missing");
  });

  it("in the bucket that the record names", async () => {
    const file = await store.storeManifest(manifest);
    await store.compare({ ...file, bucket: "elsewhere" });
    expect(bucket.requests.at(-1)?.path).toBe(`/elsewhere/${KEY}`);
  });

  it("and a bucket that does not let us look is no answer", async () => {
    const file = await store.storeManifest(manifest);
    bucket.fault = () => ({ status: 403, code: "AccessDenied", when: "before" });
    expect(await failureOf(store.compare(file))).toMatchObject({ code: "bucket_misconfigured" });
    bucket.fault = () => ({ status: 404, code: "NoSuchBucket", when: "before" });
    expect(await failureOf(store.compare(file))).toMatchObject({ code: "bucket_misconfigured" });
  });
});
