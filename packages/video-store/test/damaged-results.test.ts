import { readdirSync, watch, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { untilTrue } from "@rushes/test-rig";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { VideoStore } from "../src/index.ts";
import { startBucketStub, type BucketStub } from "./bucket-stub.ts";
import { cutAfter, serveFile, startFileHost, type FileHost } from "./file-host.ts";
import { box, FTYP, MOOV, mp4File, openBox, sha256 } from "./mp4-file.ts";
import { failureOf, openTestStore, PLAIN_KEY, resultFile } from "./test-store.ts";

const whole = mp4File(700_000);

let bucket: BucketStub;
let store: VideoStore;
let host: FileHost | undefined;

beforeEach(async () => {
  bucket = await startBucketStub();
  store = openTestStore(bucket.endpoint, { downloadMaxBytes: 1_000_000, tempMaxBytes: 100_000_000 });
});
afterEach(async () => {
  await store.close();
  await host?.close();
  await bucket.close();
});

async function archiveFrom(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  host = await startFileHost(answer);
  return store.archive(resultFile(`${host.url}/result.mp4`));
}

/** The end of a body that is marked by nothing but the end of the connection. */
function closeDelimited(bytes: Buffer) {
  return (_request: IncomingMessage, response: ServerResponse): void => {
    response.socket?.end(Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"), bytes]));
  };
}

const damaged = { kind: "unavailable", class: "provider_fault", code: "result_damaged" };

describe("a result that is not whole", () => {
  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ["cut at its first byte", (_, response) => cutAfter(response, whole, 1)],
    ["cut in the middle", (_, response) => cutAfter(response, whole, 350_000)],
    ["cut before its last byte", (_, response) => cutAfter(response, whole, whole.length - 1)],
    [
      "cut in the middle of chunked encoding",
      (_, response) => {
        response.write(whole.subarray(0, 400_000), () => response.destroy());
      },
    ],
    [
      "cut where the end of the connection is the end of the body",
      closeDelimited(whole.subarray(0, 400_000)),
    ],
    [
      "open-ended, where the end of the connection is the end of the body",
      closeDelimited(Buffer.concat([FTYP, MOOV, openBox("mdat", Buffer.alloc(9_000))])),
    ],
    [
      "of the announced length but with boxes that reach further",
      (_, response) => {
        response.setHeader("content-length", 500_000);
        response.end(whole.subarray(0, 500_000));
      },
    ],
    [
      "an HTML page with status 200",
      (_, response) => {
        response.setHeader("content-type", "video/mp4");
        response.end(`<!doctype html>${"x".repeat(100_000)}`);
      },
    ],
    ["a JSON error with status 200", (_, response) => response.end('{"error":"expired"}')],
    ["empty", (_, response) => response.setHeader("content-length", 0).end()],
    [
      "an MP4 without moov",
      (_, response) => response.end(Buffer.concat([FTYP, box("mdat", Buffer.alloc(9_000))])),
    ],
    ["an MP4 without mdat", (_, response) => response.end(Buffer.concat([FTYP, MOOV]))],
    [
      "gzip-encoded against our word",
      (_, response) => {
        const zipped = gzipSync(whole);
        response.writeHead(200, { "content-encoding": "gzip", "content-length": zipped.length }).end(zipped);
      },
    ],
  ])("is refused and leaves nothing in the bucket: %s", async (_name, answer) => {
    expect(await failureOf(archiveFrom(answer))).toMatchObject(damaged);
    // The bucket's side of a dropped connection ends a moment later than ours.
    await Promise.all(bucket.requests.map((request) => request.over));
    expect([...bucket.objects.keys()]).toEqual([]);
    expect(
      bucket.requests.filter((request) => request.method === "PUT" && request.receivedBytes >= whole.length),
    ).toEqual([]);
  });

  it("is judged by its bytes and not by its label", async () => {
    const file = await archiveFrom((_, response) => {
      response.writeHead(200, { "content-type": "text/html", "content-length": whole.length }).end(whole);
    });
    expect(file).toMatchObject({ sha256: sha256(whole), content_type: "video/mp4" });
  });

  it("is stored when nothing but the end of the connection ends it and its boxes prove it whole", async () => {
    expect(await archiveFrom(closeDelimited(whole))).toMatchObject({ sha256: sha256(whole) });
    expect(bucket.objects.get(PLAIN_KEY)?.bytes.equals(whole)).toBe(true);
    // Many at once, for a store may answer at the last byte, before our side has come to the end of the file.
    const copies = Array.from({ length: 40 }, (_, number) =>
      store.archive(resultFile(`${host?.url}/result.mp4`, { videoId: `vid_1_${number}` })),
    );
    for (const file of await Promise.all(copies)) expect(file.sha256).toBe(sha256(whole));
  });
});

describe("a result host that does not give the file", () => {
  it.each([401, 403, 404, 410, 429, 500, 503, 204, 206, 304])(
    "answering %i is unreachable, with that status",
    async (status) => {
      const failure = await failureOf(archiveFrom((_, response) => response.writeHead(status).end()));
      expect(failure).toMatchObject({ kind: "unavailable", code: "result_unreachable", httpStatus: status });
      expect(bucket.requests).toEqual([]);
    },
  );

  it("is asked again no sooner than it said", async () => {
    const failure = await failureOf(
      archiveFrom((_, response) => response.writeHead(429, { "retry-after": "7" }).end()),
    );
    expect(failure).toMatchObject({ class: "provider_capacity", retryAfterMs: 7000 });
  });

  it("is unreachable without a status when it is not there or hangs up", async () => {
    host = await startFileHost(() => {});
    await host.close();
    const gone = await failureOf(store.archive(resultFile(`${host.url}/a.mp4`)));
    expect(gone).toMatchObject({ code: "result_unreachable", httpStatus: undefined });
    const hangsUp = await failureOf(archiveFrom((_, response) => response.destroy()));
    expect(hangsUp).toMatchObject({ code: "result_unreachable", httpStatus: undefined });
  });

  it("that has closed a kept connection is simply dialled again", async () => {
    let answered = 0;
    host = await startFileHost((request, response) => {
      answered += 1;
      if (answered === 2) response.destroy();
      else serveFile(whole)(request, response);
    });
    await store.archive(resultFile(`${host.url}/a.mp4`));
    await store.archive(resultFile(`${host.url}/a.mp4`, { videoId: "vid_2" }));
    expect(bucket.objects.size).toBe(2);
  });
});

describe("the limits of a download", () => {
  it("refuse a length above the cap before any byte, and a body that passes it", async () => {
    const tooLarge = { kind: "unavailable", class: "archive", code: "result_too_large" };
    const large = mp4File(1_000_001);
    expect(await failureOf(archiveFrom(serveFile(large)))).toMatchObject(tooLarge);
    await host?.close();
    expect(
      await failureOf(
        archiveFrom((_, response) => {
          response.write(large.subarray(0, 10));
          response.end(large.subarray(10));
        }),
      ),
    ).toMatchObject(tooLarge);
    expect(bucket.objects.size).toBe(0);
  });

  it("hold temp files to their quota and give the space back", async () => {
    await store.close();
    store = openTestStore(bucket.endpoint, { tempMaxBytes: 800_000 });
    const chunked = (bytes: Buffer) => (_: IncomingMessage, response: ServerResponse) => {
      response.write(bytes.subarray(0, 10));
      response.end(bytes.subarray(10));
    };
    expect(await failureOf(archiveFrom(chunked(mp4File(900_000))))).toMatchObject({
      kind: "unavailable",
      code: "temp_space_unavailable",
    });
    for (let round = 0; round < 3; round += 1) {
      await host?.close();
      expect(await archiveFrom(chunked(whole))).toMatchObject({ sha256: sha256(whole) });
    }
  });

  it("leave no name of a temp file behind, not even while it is in use, and on Linux never have one", async () => {
    const folder = await mkdtemp(join(tmpdir(), "video-store-test-"));
    vi.stubEnv("TMPDIR", folder);
    const namesEver: (string | null)[] = [];
    const watcher = watch(folder, (_, name) => namesEver.push(name));
    let names: string[] | null = null;
    host = await startFileHost((_, response) => {
      response.write(whole.subarray(0, 10));
      response.end(whole.subarray(10));
    });
    const look = (bytes: number): void => {
      if (bytes === whole.length) names = readdirSync(folder);
    };
    await store.archive(resultFile(`${host.url}/a.mp4`), { onProgress: look });
    expect(names).toEqual([]);
    // What the watcher sees of our own file comes after everything that it saw before.
    writeFileSync(join(folder, "last"), "");
    await untilTrue(() => namesEver.includes("last") || namesEver);
    watcher.close();
    // `#` and its number is what the kernel calls a file without a name.
    if (platform() === "linux")
      expect(namesEver.filter((name) => !/^(#\d+|last)$/.test(String(name)))).toEqual([]);
    // The folder was really the one in use: without it there is no temp file to be had.
    await rm(folder, { recursive: true });
    expect(
      await failureOf(store.archive(resultFile(`${host.url}/a.mp4`, { videoId: "vid_2" }))),
    ).toMatchObject({
      code: "temp_space_unavailable",
    });
    vi.unstubAllEnvs();
  });

  it("give up on a host that sends a byte now and then", async () => {
    await store.close();
    store = openTestStore(bucket.endpoint, { patience: { windowMs: 200, minBytesPerSecond: 100_000 } });
    let drip: NodeJS.Timeout | undefined;
    const failure = await failureOf(
      archiveFrom((_, response) => {
        response.writeHead(200, { "content-length": whole.length });
        let at = 0;
        drip = setInterval(() => response.write(whole.subarray(at, (at += 1))), 10);
      }),
    );
    clearInterval(drip);
    expect(failure).toMatchObject({ kind: "unavailable", code: "result_unreachable" });
    expect(failure.message).toContain("bytes a second");
  });

  it("give up at the deadline, on a host that never answers too", async () => {
    await store.close();
    store = openTestStore(bucket.endpoint, { patience: { deadlineMs: 200, windowMs: 100 } });
    expect(await failureOf(archiveFrom(() => {}))).toMatchObject({ code: "result_unreachable" });
  });
});

describe("a copy that is called off", () => {
  it("lets go of host and bucket, stores nothing, and says whose doing it was", async () => {
    const stop = new AbortController();
    host = await startFileHost((_, response) => {
      response.writeHead(200, { "content-length": whole.length });
      response.write(whole.subarray(0, 300_000));
    });
    const copy = store.archive(resultFile(`${host.url}/a.mp4`), {
      signal: stop.signal,
      onProgress: (bytes) => {
        if (bytes === 300_000) stop.abort();
      },
    });
    const failure = await failureOf(copy);
    expect(failure).toMatchObject({ kind: "unavailable", class: "archive", code: "archive_interrupted" });
    await Promise.all(bucket.requests.map((request) => request.over));
    expect(bucket.objects.size).toBe(0);
    expect(
      await failureOf(store.archive(resultFile("https://x.example/"), { signal: stop.signal })),
    ).toMatchObject({
      code: "archive_interrupted",
    });
  });

  it("by closing the store ends before close() does", async () => {
    const begun = Promise.withResolvers<void>();
    host = await startFileHost((_, response) => {
      response.writeHead(200, { "content-length": whole.length });
      response.write(whole.subarray(0, 300_000));
    });
    const order: string[] = [];
    const copy = failureOf(
      store.archive(resultFile(`${host.url}/a.mp4`), { onProgress: () => begun.resolve() }),
    );
    const ended = copy.then((failure) => order.push(failure.code));
    await begun.promise;
    await store.close();
    order.push("closed");
    await ended;
    expect(order).toEqual(["archive_interrupted", "closed"]);
    expect(await failureOf(store.archive(resultFile(`${host.url}/a.mp4`)))).toMatchObject({
      code: "archive_interrupted",
    });
  });
});
