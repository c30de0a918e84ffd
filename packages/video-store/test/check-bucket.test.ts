import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { findFreePort } from "@rushes/test-rig";
import { checkBucket } from "../src/index.ts";
import { startBucketStub, type BucketStub } from "./bucket-stub.ts";
import { BUCKET, CREDENTIALS } from "./test-store.ts";

let stub: BucketStub;
beforeAll(async () => {
  stub = await startBucketStub();
});
afterAll(() => stub.close());
afterEach(() => {
  stub.fault = () => null;
  stub.requests.length = 0;
});

const settings = (endpoint = stub.endpoint) => ({
  bucket: BUCKET,
  region: "us-east-1",
  endpoint,
  forcePathStyle: true,
  credentials: CREDENTIALS,
});

test("a bucket that lets us in is usable, and nothing is written to find out", async () => {
  expect(await checkBucket(settings())).toEqual({ kind: "usable", words: "films answers" });
  expect(stub.requests.map(({ method, key }) => [method, key])).toEqual([["HEAD", ""]]);
  expect(stub.objects.size).toBe(0);
});

test("a write test stores one object where it is told, reads it back and leaves nothing", async () => {
  const check = await checkBucket(settings(), { writeUnder: "archive/" });
  expect(check).toMatchObject({ kind: "usable", words: expect.stringContaining("read back") });
  const [put, get, remove] = stub.requests;
  expect([put?.method, get?.method, remove?.method]).toEqual(["PUT", "GET", "DELETE"]);
  expect(put?.key).toMatch(/^archive\/rushes-write-test-/);
  expect(remove?.key).toBe(put?.key);
});

test("an object that may not be removed is named, for archiving removes nothing", async () => {
  stub.fault = ({ method }) =>
    method === "DELETE" ? { status: 403, code: "AccessDenied", when: "before" } : null;
  const check = await checkBucket(settings(), { writeUnder: "" });
  expect(check).toMatchObject({ kind: "usable", words: expect.stringContaining("is still there") });
});

test.each([
  ["missing", 404, "NoSuchBucket"],
  ["missing", 301, "PermanentRedirect"],
  ["missing", 400, "AuthorizationHeaderMalformed"],
  ["forbidden", 403, "AccessDenied"],
  ["unavailable", 503, "SlowDown"],
  ["unavailable", 500, "InternalError"],
])("%s: an answer %i", async (kind, status, code) => {
  stub.fault = () => ({ status, code, when: "before" });
  expect(await checkBucket(settings())).toMatchObject({
    kind,
    words: expect.stringContaining(String(status)),
  });
});

test("a bucket that takes no object is unwritable", async () => {
  stub.fault = ({ method }) =>
    method === "PUT" ? { status: 403, code: "AccessDenied", when: "before" } : null;
  expect(await checkBucket(settings(), { writeUnder: "" })).toMatchObject({ kind: "unwritable" });
});

test("a store that is not there, or says nothing, is unavailable within the time-out", async () => {
  const nobody = `http://127.0.0.1:${await findFreePort()}`;
  expect(await checkBucket(settings(nobody))).toMatchObject({ kind: "unavailable" });
  stub.fault = () => ({ silent: true });
  expect(await checkBucket(settings(), { timeoutMs: 200 })).toMatchObject({ kind: "unavailable" });
});
