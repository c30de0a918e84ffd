import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { buildApp } from "fauxqs";

export type TestS3Options = {
  /** The bucket that is made at the start; `rushes-test` unless given. */
  bucket?: string;
};

export type TestS3 = {
  endpoint: string;
  bucket: string;
  region: string;
  /** The server takes any; these are to be passed on. */
  credentials: { accessKeyId: string; secretAccessKey: string };
  /** Every object of the bucket whose key starts with `prefix`, by key. */
  listObjects(prefix?: string): Promise<{ key: string; bytes: number }[]>;
  /** Rejects when there is none. */
  getObject(key: string): Promise<Buffer>;
  headObject(key: string): Promise<{ bytes: number; contentType: string; metadata: Record<string, string> }>;
  /** What becomes of objects when nobody looks: others write over them, or remove them. */
  putObject(key: string, bytes: Buffer): Promise<void>;
  deleteObject(key: string): Promise<void>;
  stop(): Promise<void>;
};

const REGION = "us-east-1";
/** Small, so that tests of ordinary size walk several pages too. */
const PAGE_SIZE = 100;

/**
 * Starts an S3 server in this process on a free loopback port, keeping objects in memory, with one bucket. Use it
 * with path-style addresses. It takes single PUTs up to 11 MiB and ignores `If-None-Match`.
 *
 * The server is built and told to listen here, for the package's own start function listens on every interface.
 */
export async function startTestS3(options: TestS3Options = {}): Promise<TestS3> {
  const bucket = options.bucket ?? "rushes-test";
  const credentials = { accessKeyId: "test-key-id", secretAccessKey: "test-secret-key" };
  const server = buildApp({ logger: false, defaultRegion: REGION });
  const endpoint = await server.listen({ host: "127.0.0.1", port: 0 });
  const client = new S3Client({ endpoint, region: REGION, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));

  return {
    endpoint,
    bucket,
    region: REGION,
    credentials,
    async listObjects(prefix = "") {
      const found: { key: string; bytes: number }[] = [];
      for await (const page of paginateListObjectsV2(
        { client, pageSize: PAGE_SIZE },
        { Bucket: bucket, Prefix: prefix },
      )) {
        for (const { Key, Size } of page.Contents ?? []) found.push({ key: Key ?? "", bytes: Size ?? 0 });
      }
      return found;
    },
    async getObject(key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    async headObject(key) {
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return {
        bytes: head.ContentLength ?? 0,
        contentType: head.ContentType ?? "",
        metadata: head.Metadata ?? {},
      };
    },
    async putObject(key, bytes) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }));
    },
    async deleteObject(key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
    async stop() {
      client.destroy();
      await server.close();
    },
  };
}
