import { createHash } from "node:crypto";
import { Transform } from "node:stream";
import { S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { Agent, request } from "undici";
import type { Contender } from "../client-messages.ts";

/** The usual way: the body of a GET into `Upload` of @aws-sdk/lib-storage, everything at its defaults. */
export function openLibStorage(bucketUrl: string): Contender {
  const dispatcher = new Agent({ allowH2: false });
  const client = new S3Client({
    region: "us-east-1",
    endpoint: bucketUrl,
    forcePathStyle: true,
    credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
    // The default of 50 sockets would hold 64 copies back, and say so on the console.
    requestHandler: { httpAgent: { maxSockets: 512 }, httpsAgent: { maxSockets: 512 } },
  });
  return {
    async copy(url, name, signal) {
      const { body } = await request(url, { dispatcher, signal });
      const hash = createHash("sha256");
      const hashed = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk);
          done(null, chunk);
        },
      });
      // An error of the body that nobody hears would end the process.
      body.on("error", (error) => hashed.destroy(error));
      hashed.on("error", () => {});
      const upload = new Upload({
        client,
        params: { Bucket: "films", Key: name, Body: body.pipe(hashed), ContentType: "video/mp4" },
      });
      const abort = (): void => void upload.abort().catch(() => {});
      signal.addEventListener("abort", abort, { once: true });
      await upload.done();
      signal.removeEventListener("abort", abort);
      hash.digest("hex");
    },
    async close() {
      client.destroy();
      await dispatcher.destroy();
    },
  };
}
