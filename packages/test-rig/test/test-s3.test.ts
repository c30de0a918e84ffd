import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterEach, expect, test } from "vitest";
import { startTestS3 } from "../src/index.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(bucket?: string) {
  const s3 = await startTestS3(bucket === undefined ? {} : { bucket });
  cleanups.push(() => s3.stop());
  const { endpoint, region, credentials } = s3;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  cleanups.push(() => client.destroy());
  const put = (Key: string, Body: Buffer) =>
    client.send(
      new PutObjectCommand({ Bucket: s3.bucket, Key, Body, ContentType: "video/mp4", Metadata: { a: "b" } }),
    );
  return { s3, put };
}

test("it starts on loopback with an empty bucket of the wanted name", async () => {
  const { s3 } = await start("my-bucket");
  expect(s3.bucket).toBe("my-bucket");
  expect(new URL(s3.endpoint).hostname).toBe("127.0.0.1");
  expect(await s3.listObjects()).toEqual([]);
});

test("what the SDK puts comes back byte for byte, with its type and metadata", async () => {
  const { s3, put } = await start();
  const bytes = Buffer.from(Uint8Array.from({ length: 70_000 }, (_, index) => index % 251));
  await put("videos/a.mp4", bytes);
  expect((await s3.getObject("videos/a.mp4")).equals(bytes)).toBe(true);
  expect(await s3.headObject("videos/a.mp4")).toEqual({
    bytes: 70_000,
    contentType: "video/mp4",
    metadata: { a: "b" },
  });
  await expect(s3.getObject("videos/b.mp4")).rejects.toThrow(/key does not exist/);
});

test("a listing of several pages knows every object, and a prefix narrows it", async () => {
  const { s3, put } = await start();
  const keys = Array.from({ length: 101 }, (_, index) => `many/${String(index).padStart(3, "0")}`);
  for (const key of keys) await put(key, Buffer.from("x"));
  await put("other/a", Buffer.from("abc"));
  expect((await s3.listObjects()).length).toBe(102);
  expect((await s3.listObjects("many/")).map(({ key }) => key)).toEqual(keys);
  expect(await s3.listObjects("other/")).toEqual([{ key: "other/a", bytes: 3 }]);
});

test("two servers share nothing, and stop frees the port", async () => {
  const one = await start();
  const other = await start();
  await one.put("a", Buffer.from("1"));
  expect(await other.s3.listObjects()).toEqual([]);
  await other.s3.stop();
  await expect(fetch(other.s3.endpoint)).rejects.toThrow("fetch failed");
});
