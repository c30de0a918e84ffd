import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { VideoStore } from "../src/index.ts";
import { startBucketStub, type BucketStub } from "./bucket-stub.ts";
import { cutAfter, rangeStart, serveFile, startFileHost, type FileHost } from "./file-host.ts";
import { mp4File, sha256 } from "./mp4-file.ts";
import { failureOf, openTestStore, PLAIN_KEY, resultFile } from "./test-store.ts";

const whole = mp4File(8_000_000);

let bucket: BucketStub;
let store: VideoStore;
let host: FileHost;

beforeEach(async () => {
  bucket = await startBucketStub();
  store = openTestStore(bucket.endpoint);
});
afterEach(async () => {
  await store.close();
  await host.close();
  await bucket.close();
});

async function archiveFrom(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
) {
  let count = 0;
  host = await startFileHost((request, response) => answer(request, response, (count += 1)));
  return store.archive(resultFile(`${host.url}/result.mp4`));
}

/** Cuts each answer after so many bytes of it, and is honest in everything else. */
function cutting(sentBytes: number, cuts: number, validator: Record<string, string> = { etag: '"v1"' }) {
  let sent = 0;
  const answer = (request: IncomingMessage, response: ServerResponse, count: number): void => {
    const from = rangeStart(request) ?? 0;
    const rest = whole.subarray(from, count <= cuts ? from + sentBytes : whole.length);
    const range = from === 0 ? {} : { "content-range": `bytes ${from}-${whole.length - 1}/${whole.length}` };
    response.writeHead(from === 0 ? 200 : 206, {
      ...validator,
      ...range,
      "content-length": whole.length - from,
    });
    sent += rest.length;
    if (count > cuts) response.end(rest);
    else response.write(rest, () => response.destroy());
  };
  return Object.assign(answer, { sent: () => sent });
}

describe("a download that is cut", () => {
  it("goes on where it was, asking for the same file, and stores the whole in one put", async () => {
    expect(await archiveFrom(cutting(1_500_000, 5))).toMatchObject({
      bytes: whole.length,
      sha256: sha256(whole),
    });
    expect(bucket.objects.get(PLAIN_KEY)?.bytes.equals(whole)).toBe(true);
    expect(bucket.requests.filter((request) => request.method === "PUT")).toHaveLength(1);
    const resumed = host.requests.slice(1);
    expect(resumed).toHaveLength(5);
    for (const request of resumed) expect(request.headers["if-range"]).toBe('"v1"');
  });

  it("fetches again only what was in the air", async () => {
    const answer = cutting(1_500_000, 5);
    await archiveFrom(answer);
    // Each cut may lose what lies in buffers between the host and us; nothing before that is asked for twice.
    const starts = host.requests.slice(1).map((request) => rangeStart(request) ?? 0);
    for (const [index, start] of starts.entries()) {
      expect(start).toBeGreaterThan(starts[index - 1] ?? 0);
    }
    expect(answer.sent()).toBeLessThan(whole.length + 5 * 1_500_000);
  });

  it("accepts a modification date as proof that the file is the same", async () => {
    const date = "Fri, 02 Jan 2026 03:04:05 GMT";
    await archiveFrom(cutting(1_500_000, 1, { "last-modified": date }));
    expect(host.requests[1]?.headers["if-range"]).toBe(date);
  });

  it("begins anew where nothing had come yet, whatever the host offers", async () => {
    const file = await archiveFrom((_, response, count) => {
      response.writeHead(200, { "content-length": whole.length });
      if (count > 1) response.end(whole);
      else response.flushHeaders();
      if (count === 1) setImmediate(() => response.destroy());
    });
    expect(file).toMatchObject({ sha256: sha256(whole) });
  });

  it("bears a host that is away for a moment", async () => {
    const honest = serveFile(whole);
    const file = await archiveFrom((request, response, count) => {
      if (count === 1) cutAfter(response, whole, 3_000_000, '"v1"');
      else if (count === 2) response.writeHead(503).end();
      else if (count === 3) response.destroy();
      else honest(request, response);
    });
    expect(file).toMatchObject({ sha256: sha256(whole) });
  });

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    [
      "another file by now",
      (request, response) => serveFile(mp4File(8_000_000, 2), '"v2"')(request, response),
    ],
    [
      "a range of another length",
      (request, response) => {
        const from = rangeStart(request) ?? 0;
        response
          .writeHead(206, { "content-range": `bytes ${from}-8999999/9000000` })
          .end(whole.subarray(from));
      },
    ],
    [
      "a range from elsewhere",
      (_, response) => {
        response
          .writeHead(206, { "content-range": `bytes 0-${whole.length - 1}/${whole.length}` })
          .end(whole);
      },
    ],
    [
      "a range without saying which",
      (request, response) => response.writeHead(206).end(whole.subarray(rangeStart(request) ?? 0)),
    ],
  ])("is given up, with nothing stored, when the host then has %s", async (_name, later) => {
    const failure = await failureOf(
      archiveFrom((request, response, count) => {
        if (count === 1) cutAfter(response, whole, 3_000_000, '"v1"');
        else later(request, response);
      }),
    );
    expect(failure).toMatchObject({ kind: "unavailable", code: "result_damaged" });
    expect(bucket.objects.size).toBe(0);
  });

  it.each([
    ["no validator", {}],
    ["only a weak ETag", { etag: 'W/"v1"' }],
    ["no ranges, by its own word", { etag: '"v1"', "accept-ranges": "none" }],
  ])("is not resumed when the host offers %s", async (_name, headers) => {
    const failure = await failureOf(archiveFrom(cutting(1_500_000, 1, headers)));
    expect(failure).toMatchObject({ kind: "unavailable", code: "result_damaged" });
    expect(host.requests).toHaveLength(1);
  });

  it.each([403, 404, 410])("asks for a fresh URL when this one has ended with %i", async (status) => {
    const failure = await failureOf(
      archiveFrom((_, response, count) => {
        if (count === 1) cutAfter(response, whole, 3_000_000, '"v1"');
        else response.writeHead(status).end();
      }),
    );
    expect(failure).toMatchObject({ kind: "unavailable", code: "result_unreachable", httpStatus: status });
  });

  it("is given up when resuming brings nothing, or has to be done too often", async () => {
    const nothing = await failureOf(archiveFrom(cutting(0, 100)));
    expect(nothing).toMatchObject({ code: "result_damaged" });
    expect(host.requests.length).toBeLessThan(10);
    await host.close();
    const little = await failureOf(archiveFrom(cutting(300_000, 1000)));
    expect(little).toMatchObject({ code: "result_damaged" });
    // One and at most 20 resumes, which end before the file does.
    expect(host.requests.length).toBeLessThanOrEqual(21);
  });
});
