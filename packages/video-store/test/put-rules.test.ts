import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StoredFile } from "@rushes/pipeline";
import type { VideoStore } from "../src/index.ts";
import { startBucketStub, type BucketStub, type Fault } from "./bucket-stub.ts";
import { cutAfter, serveFile, startFileHost, type FileHost } from "./file-host.ts";
import { mp4File, sha256 } from "./mp4-file.ts";
import { failureOf, openTestStore, PLAIN_KEY, recordingLog, resultFile } from "./test-store.ts";

const whole = mp4File(3_000_000);
const other = mp4File(3_000_000, 2);
const HASH_KEY = `2026/01/02/vid_1-${sha256(whole).slice(0, 8)}.mp4`;

let bucket: BucketStub;
let log: ReturnType<typeof recordingLog>;
let store: VideoStore;
let host: FileHost;

beforeEach(async () => {
  bucket = await startBucketStub();
  log = recordingLog();
  store = openTestStore(bucket.endpoint, { log });
  host = await startFileHost(serveFile(whole));
});
afterEach(async () => {
  await store.close();
  await host.close();
  await bucket.close();
});

const archive = () => store.archive(resultFile(`${host.url}/a.mp4`));
const puts = () => bucket.requests.filter((request) => request.method === "PUT");

/** Lets the first `count` puts fail so. */
function faultPuts(fault: Fault, count = 1): void {
  let left = count;
  bucket.fault = ({ method }) => (method === "PUT" && left-- > 0 ? fault : null);
}

/** Another writer stores these bytes between our look and our put. */
function storeBeforePut(key: string, bytes: Buffer): void {
  bucket.fault = (request) => {
    if (request.method === "PUT" && request.key === key) bucket.objects.set(key, { bytes, headers: {} });
    return null;
  };
}

describe("a put", () => {
  it("is one request of known length, on condition that the key is free, without checksums in the body", async () => {
    await archive();
    expect(puts()).toHaveLength(1);
    const headers = puts()[0]?.headers;
    expect(headers).toMatchObject({
      "content-length": String(whole.length),
      "if-none-match": "*",
      "content-type": "video/mp4",
      "content-disposition": 'inline; filename="vid_1.mp4"',
      "x-amz-meta-video-id": "vid_1",
      "x-amz-meta-task-id": "task-1",
      "x-amz-meta-mode": "master-text-to-video",
      "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    });
    expect(headers).not.toHaveProperty("content-encoding");
    expect(headers).not.toHaveProperty("x-amz-trailer");
    expect(bucket.objects.get(PLAIN_KEY)?.bytes.equals(whole)).toBe(true);
  });

  it("never gets the last bytes of a file before that was found whole", async () => {
    let release = (): void => {};
    const held = Promise.withResolvers<void>();
    await host.close();
    host = await startFileHost((_, response) => {
      response.writeHead(200, { "content-length": whole.length });
      response.write(whole.subarray(0, -1), () => held.resolve());
      release = () => response.end(whole.subarray(-1));
    });
    const copy = archive();
    await held.promise;
    await untilQuiet(() => puts()[0]?.receivedBytes ?? 0);
    expect(puts()[0]?.receivedBytes).toBeGreaterThan(0);
    expect(puts()[0]?.receivedBytes).toBeLessThan(whole.length - 1);
    expect(bucket.objects.size).toBe(0);
    release();
    expect(await copy).toMatchObject({ sha256: sha256(whole) });
  });

  it("does not swallow a file whole when the bucket takes nothing", async () => {
    await store.close();
    store = openTestStore(bucket.endpoint, { patience: { bucketStallMs: 300, windowMs: 400 } });
    faultPuts({ silent: true });
    const hugeBytes = 256 * 1024 * 1024;
    const begin = whole.subarray(0, 100_000);
    let offeredBytes = 0;
    await host.close();
    host = await startFileHost((_, response) => {
      response.writeHead(200, { "content-length": hugeBytes });
      const chunk = Buffer.alloc(64 * 1024);
      const pour = () => {
        while (offeredBytes < hugeBytes - chunk.length) {
          offeredBytes += chunk.length;
          if (!response.write(offeredBytes === chunk.length ? begin.subarray(0, chunk.length) : chunk))
            return;
        }
      };
      response.on("drain", pour);
      pour();
    });
    expect(await failureOf(archive())).toMatchObject({ kind: "unavailable", code: "bucket_unavailable" });
    // What left the host lies in the sockets of the kernel, for the most part.
    expect(offeredBytes).toBeLessThan(hugeBytes / 4);
  });
});

describe("a key that is taken", () => {
  it("by equal bytes is success, found by looking", async () => {
    bucket.objects.set(PLAIN_KEY, { bytes: whole, headers: {} });
    expect(await archive()).toMatchObject({ key: PLAIN_KEY, sha256: sha256(whole), bytes: whole.length });
    expect(puts()).toEqual([]);
    expect(log.lines).toEqual([]);
  });

  it("by equal bytes between the look and the put is success as well", async () => {
    storeBeforePut(PLAIN_KEY, whole);
    expect(await archive()).toMatchObject({ key: PLAIN_KEY, sha256: sha256(whole) });
    expect(bucket.objects.size).toBe(1);
  });

  it("by equal bytes that arrived while ours were on their way is success as well", async () => {
    faultPuts({ status: 412, code: "PreconditionFailed", when: "after" });
    const fault = bucket.fault;
    bucket.fault = (request) => {
      // From the moment of our put on, the other writer's object can be read.
      if (request.method === "GET") bucket.objects.set(PLAIN_KEY, { bytes: whole, headers: {} });
      return fault(request);
    };
    expect(await archive()).toMatchObject({ key: PLAIN_KEY, sha256: sha256(whole) });
    expect(puts()[0]?.receivedBytes).toBe(whole.length);
  });

  it.each([
    ["of the same length", other],
    ["of another length", mp4File(10, 3)],
    ["that are no video", Buffer.from("hello")],
  ])("by other bytes %s stays, and the file goes beside it with an alert", async (_name, bytes) => {
    bucket.objects.set(PLAIN_KEY, { bytes, headers: {} });
    const file = await archive();
    expect(file).toMatchObject({ key: HASH_KEY, url: `s3://films/${HASH_KEY}`, sha256: sha256(whole) });
    expect(bucket.objects.get(PLAIN_KEY)?.bytes).toBe(bytes);
    expect(bucket.objects.get(HASH_KEY)?.bytes.equals(whole)).toBe(true);
    expect(log.lines).toMatchObject([{ level: "error", fields: { key: PLAIN_KEY, insteadKey: HASH_KEY } }]);
    expect(await archive()).toEqual(file);
    expect(puts()).toHaveLength(1);
  });

  it("by other bytes between the look and the put stays too", async () => {
    storeBeforePut(PLAIN_KEY, other);
    expect(await archive()).toMatchObject({ key: HASH_KEY });
    expect(bucket.objects.get(PLAIN_KEY)?.bytes).toBe(other);
  });

  it("and so is the one with its hash: then a person must look", async () => {
    bucket.objects.set(PLAIN_KEY, { bytes: other, headers: {} });
    bucket.objects.set(HASH_KEY, { bytes: other, headers: {} });
    expect(await failureOf(archive())).toMatchObject({
      kind: "misconfigured",
      class: "archive",
      code: "bucket_key_taken",
    });
    expect(puts()).toEqual([]);
  });

  it("by something that is gone when we read it is tried again later", async () => {
    faultPuts({ status: 412, code: "PreconditionFailed", when: "before" });
    expect(await failureOf(archive())).toMatchObject({ kind: "unavailable", code: "bucket_unavailable" });
    expect(log.lines).toEqual([]);
    expect(await archive()).toMatchObject({ key: PLAIN_KEY });
  });

  it("while the host serves another file the second time: nothing is stored under a hash that is not its own", async () => {
    bucket.objects.set(PLAIN_KEY, { bytes: other, headers: {} });
    await host.close();
    let count = 0;
    host = await startFileHost((request, response) =>
      serveFile((count += 1) === 1 ? whole : other)(request, response),
    );
    expect(await failureOf(archive())).toMatchObject({ code: "result_damaged" });
    expect([...bucket.objects.keys()]).toEqual([PLAIN_KEY]);
  });
});

describe("several files of one task", () => {
  const all = async (): Promise<StoredFile[]> => {
    const output: StoredFile[] = [];
    for (const index of [0, 1, 2])
      output.push(await store.archive(resultFile(`${host.url}/${index}.mp4`, { index, count: 3 })));
    return output;
  };

  it("of which one fails are all there after a repeat, and none is sent twice that was there", async () => {
    await host.close();
    const files = [mp4File(5_000, 11), mp4File(6_000, 12), mp4File(7_000, 13)];
    host = await startFileHost((request, response) =>
      serveFile(files[Number(request.url?.[1])] ?? whole)(request, response),
    );
    let isFirst = true;
    bucket.fault = ({ method, key }) => {
      if (method !== "PUT" || !key.endsWith("-2.mp4") || !isFirst) return null;
      isFirst = false;
      return { status: 503, code: "SlowDown", when: "after" };
    };
    expect(await failureOf(all())).toMatchObject({ code: "bucket_unavailable" });
    const output = await all();
    expect(output.map((file) => file.sha256)).toEqual(files.map(sha256));
    const keys = ["vid_1.mp4", "vid_1-2.mp4", "vid_1-3.mp4"].map((name) => `2026/01/02/${name}`);
    expect(output.map(({ key }) => key)).toEqual(keys);
    const sent = (key?: string): number => puts().filter((request) => request.key === key).length;
    expect(keys.map(sent)).toEqual([1, 2, 1]);
    expect(await all()).toEqual(output);
    expect(keys.map(sent)).toEqual([1, 2, 1]);
  });
});

describe("a bucket in trouble", () => {
  it.each<[string, Fault]>([
    ["409 for two writers at once", { status: 409, code: "ConditionalRequestConflict", when: "after" }],
    ["429", { status: 429, code: "TooManyRequests", when: "before" }],
    ["500 before the body", { status: 500, code: "InternalError", when: "before" }],
    ["500 after the body", { status: 500, code: "InternalError", when: "after" }],
    ["503", { status: 503, code: "SlowDown", when: "before" }],
    ["400 for a slow body", { status: 400, code: "RequestTimeout", when: "after" }],
    ["a connection that is dropped at once", { reset: 0 }],
    ["a connection that is dropped in the middle", { reset: 1_000_000 }],
  ])("is unavailable, and the next try goes through: %s", async (_name, fault) => {
    faultPuts(fault);
    expect(await failureOf(archive())).toMatchObject({
      kind: "unavailable",
      class: "archive",
      code: "bucket_unavailable",
    });
    expect(await archive()).toMatchObject({ key: PLAIN_KEY, sha256: sha256(whole) });
    expect(puts().length).toBe(2);
  });

  it.each<[string, Fault]>([
    ["AccessDenied", { status: 403, code: "AccessDenied", when: "before" }],
    ["NoSuchBucket", { status: 404, code: "NoSuchBucket", when: "before" }],
    ["InvalidAccessKeyId", { status: 403, code: "InvalidAccessKeyId", when: "after" }],
    ["SignatureDoesNotMatch", { status: 403, code: "SignatureDoesNotMatch", when: "before" }],
  ])("needs a person: %s", async (_name, fault) => {
    faultPuts(fault);
    expect(await failureOf(archive())).toMatchObject({ kind: "misconfigured", code: "bucket_misconfigured" });
    expect(bucket.objects.size).toBe(0);
  });

  it("that refuses before the body is not sent the body", async () => {
    faultPuts({ status: 403, code: "AccessDenied", when: "before" });
    await failureOf(archive());
    expect(puts()[0]?.receivedBytes).toBe(0);
  });

  it("that stored the file and lost its answer is found to hold it the next time", async () => {
    faultPuts({ reset: whole.length });
    expect(await failureOf(archive())).toMatchObject({ kind: "unavailable", code: "bucket_unavailable" });
    expect(bucket.objects.has(PLAIN_KEY)).toBe(true);
    expect(await archive()).toMatchObject({ key: PLAIN_KEY, sha256: sha256(whole) });
    expect(puts()).toHaveLength(1);
  });

  it("that says stored before it has the whole file is not believed", async () => {
    faultPuts({ status: 200, code: "", when: "before" });
    expect(await failureOf(archive())).toMatchObject({ kind: "unavailable", code: "bucket_unavailable" });
  });

  it("that does not let us look at a missing key can still be put to", async () => {
    bucket.fault = ({ method }) =>
      method === "HEAD" ? { status: 403, code: "Forbidden", when: "before" } : null;
    expect(await archive()).toMatchObject({ key: PLAIN_KEY });
  });
});

describe("a store that does not know If-None-Match", () => {
  beforeEach(() => {
    bucket.knowsCondition = false;
  });

  it("is put to without it from then on, after a look, and the log says so once", async () => {
    expect(await archive()).toMatchObject({ key: PLAIN_KEY, sha256: sha256(whole) });
    await store.archive(resultFile(`${host.url}/b.mp4`, { videoId: "vid_2" }));
    expect(puts().map((request) => request.headers["if-none-match"])).toEqual(["*", undefined, undefined]);
    expect(log.lines).toMatchObject([
      { level: "warn", message: expect.stringContaining("If-None-Match") as string },
    ]);
  });

  it("is never overwritten for all that", async () => {
    await archive();
    bucket.objects.set(PLAIN_KEY, { bytes: other, headers: {} });
    expect(await archive()).toMatchObject({ key: HASH_KEY });
    expect(bucket.objects.get(PLAIN_KEY)?.bytes).toBe(other);
  });

  it("and does not let us look either is left alone, and a person must act", async () => {
    bucket.fault = ({ method }) =>
      method === "HEAD" ? { status: 403, code: "Forbidden", when: "before" } : null;
    expect(await failureOf(archive())).toMatchObject({ kind: "misconfigured", code: "bucket_misconfigured" });
    expect(bucket.objects.size).toBe(0);
  });
});

describe("a very large file", () => {
  const large = mp4File(20_000_000, 5);
  beforeEach(async () => {
    await store.close();
    store = openTestStore(bucket.endpoint, { log, multipartAboveBytes: 10_000_000 });
    await host.close();
    host = await startFileHost(serveFile(large));
  });

  it("goes in parts, on the same condition", async () => {
    expect(await archive()).toMatchObject({ sha256: sha256(large) });
    expect(bucket.objects.get(PLAIN_KEY)?.bytes.equals(large)).toBe(true);
    expect(puts().map((request) => Number(request.headers["content-length"]))).toEqual([
      8388608,
      8388608,
      large.length - 16777216,
    ]);
    const completed = bucket.requests.find(
      (request) => request.method === "POST" && request.query.has("uploadId"),
    );
    expect(completed?.headers["if-none-match"]).toBe("*");
    expect(bucket.openUploads.size).toBe(0);
  });

  it.each<[string, Fault]>([
    ["a part is refused", { status: 503, code: "SlowDown", when: "after" }],
    ["a part's connection is dropped", { reset: 100_000 }],
  ])("leaves no parts behind when %s", async (_name, fault) => {
    let count = 0;
    bucket.fault = ({ method }) => (method === "PUT" && (count += 1) === 2 ? fault : null);
    expect(await failureOf(archive())).toMatchObject({ kind: "unavailable", code: "bucket_unavailable" });
    expect(bucket.openUploads.size).toBe(0);
    expect(bucket.objects.size).toBe(0);
  });

  it("leaves no parts behind when the file turns out damaged, however late", async () => {
    await host.close();
    host = await startFileHost((_, response) => cutAfter(response, large, large.length - 1));
    expect(await failureOf(archive())).toMatchObject({ code: "result_damaged" });
    expect(bucket.openUploads.size).toBe(0);
    expect(bucket.objects.size).toBe(0);
  });

  it("leaves no parts behind when the copy is called off", async () => {
    const stop = new AbortController();
    const copy = store.archive(resultFile(`${host.url}/a.mp4`), {
      signal: stop.signal,
      onProgress: (bytes) => {
        if (bytes > 12_000_000) stop.abort();
      },
    });
    expect(await failureOf(copy)).toMatchObject({ code: "archive_interrupted" });
    expect(bucket.openUploads.size).toBe(0);
    expect(bucket.objects.size).toBe(0);
  });

  it("leaves no parts behind when the bucket does not take the removal at once", async () => {
    let removals = 0;
    bucket.fault = ({ method, query }) => {
      if (method === "PUT") return { status: 503, code: "SlowDown", when: "before" };
      const isFirst = method === "DELETE" && query.has("uploadId") && (removals += 1) === 1;
      return isFirst ? { status: 503, code: "SlowDown", when: "before" } : null;
    };
    expect(await failureOf(archive())).toMatchObject({ code: "bucket_unavailable" });
    expect(removals).toBe(2);
    expect(bucket.openUploads.size).toBe(0);
  });

  it("leaves no parts behind when nobody learned under which id they went", async () => {
    let isLost = true;
    bucket.fault = ({ method, query }) => {
      if (method !== "POST" || !query.has("uploads") || !isLost) return null;
      isLost = false;
      // The store has begun the upload all the same.
      bucket.openUploads.set("upload-lost", { key: PLAIN_KEY, parts: new Map() });
      return { status: 500, code: "InternalError", when: "after" };
    };
    expect(await failureOf(archive())).toMatchObject({ code: "bucket_unavailable" });
    expect(bucket.openUploads.size).toBe(0);
  });

  it("removes what a killed process has left under its key, and nothing else", async () => {
    bucket.openUploads.set("upload-dead", { key: PLAIN_KEY, parts: new Map([[1, large]]) });
    bucket.openUploads.set("upload-of-another", { key: `${PLAIN_KEY}.part`, parts: new Map() });
    expect(await archive()).toMatchObject({ sha256: sha256(large) });
    expect([...bucket.openUploads.keys()]).toEqual(["upload-of-another"]);
  });

  it.each([403, 501])(
    "is stored where the store does not tell of open uploads (%i), and the log says so once",
    async (status) => {
      bucket.fault = ({ method, query }) =>
        method === "GET" && query.has("uploads") ? { status, code: "AccessDenied", when: "before" } : null;
      await archive();
      bucket.objects.clear();
      await archive();
      expect(bucket.objects.get(PLAIN_KEY)?.bytes.equals(large)).toBe(true);
      expect(log.lines.filter(({ message }) => message.includes("which uploads are open"))).toHaveLength(1);
    },
  );

  it("goes to a store without conditions too, and leaves no parts of the try that was refused", async () => {
    bucket.knowsCondition = false;
    expect(await archive()).toMatchObject({ key: PLAIN_KEY, sha256: sha256(large) });
    expect(bucket.openUploads.size).toBe(0);
    expect(bucket.objects.get(PLAIN_KEY)?.bytes.equals(large)).toBe(true);
  });

  it("does not replace what appeared under its key meanwhile", async () => {
    bucket.fault = (request) => {
      if (request.method === "POST" && request.query.has("uploadId")) {
        bucket.objects.set(PLAIN_KEY, { bytes: large, headers: {} });
      }
      return null;
    };
    expect(await archive()).toMatchObject({ key: PLAIN_KEY, sha256: sha256(large) });
    expect(bucket.openUploads.size).toBe(0);
  });
});

/** Waits until a number has stopped changing for some turns of the event loop. */
async function untilQuiet(read: () => number): Promise<void> {
  let last = -1;
  for (let same = 0; same < 200; same += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (read() !== last) same = 0;
    last = read();
  }
}
