import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";

export type BucketSettings = {
  bucket: string;
  region: string;
  /** Without it the AWS endpoint of the region. */
  endpoint?: string | undefined;
  forcePathStyle?: boolean | undefined;
  /** Without it the SDK's own chain: environment, files, instance role. */
  credentials?: S3ClientConfig["credentials"] | undefined;
};

const CONNECT_TIMEOUT_MS = 10_000;
const silence = { debug() {}, info() {}, warn() {}, error() {} };

/** The one way this package talks to a store. The caller ends it with `destroy()`. */
export function openS3Client(settings: Omit<BucketSettings, "bucket">): S3Client {
  return new S3Client({
    region: settings.region,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    ...(settings.credentials === undefined ? {} : { credentials: settings.credentials }),
    forcePathStyle: settings.forcePathStyle ?? false,
    // The default would wrap each body in CRC32 trailers, which costs half again the CPU time and which some
    // stores write into the object.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // The archive stage repeats, with everything it knows; a body cannot be sent twice anyway.
    maxAttempts: 1,
    // A store that will refuse says so before the body is sent, and a body never goes out on a socket that
    // the other side has already closed: with this header the client dials afresh.
    expectContinueHeader: true,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      httpAgent: { maxSockets: 256 },
      httpsAgent: { maxSockets: 256 },
    },
    // Left out, the client writes warnings about streams to the console.
    logger: silence,
  });
}
