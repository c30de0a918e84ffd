import { createHash } from "node:crypto";
import { Readable, Transform } from "node:stream";
import { S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import type { HandOrder } from "./hand-messages.ts";
import type { HandStore } from "./proof-store.ts";

/** More patience than anybody has, so that nothing here waits for ever. */
const GIVE_UP_MS = 5_000;

/**
 * The control: what one would write without this package. It fetches, asks whether the answer is a success, and streams
 * it into `Upload` of lib-storage. It is wrong on purpose, and the proof is worth something only if it is seen to be.
 */
export function openPlainStore({ name, bucketUrl }: HandOrder): HandStore {
  const client = new S3Client({
    region: "us-east-1",
    endpoint: bucketUrl,
    forcePathStyle: true,
    credentials: { accessKeyId: name, secretAccessKey: "test" },
  });
  return {
    async archive({ url, videoId, index }) {
      const key = `${index === 0 ? videoId : `${videoId}-${index + 1}`}.mp4`;
      const answer = await fetch(url, { signal: AbortSignal.timeout(GIVE_UP_MS) });
      if (!answer.ok || answer.body === null) throw new Error(`the host answered ${answer.status}`);
      const hash = createHash("sha256");
      let bytes = 0;
      const body = Readable.fromWeb(answer.body);
      const counted = body.pipe(
        new Transform({
          transform(chunk: Buffer, _encoding, done) {
            bytes += chunk.length;
            hash.update(chunk);
            done(null, chunk);
          },
        }),
      );
      // Even the plainest has to hear of these, or it ends with the first cut.
      body.on("error", (error) => counted.destroy(error));
      counted.on("error", () => {});
      await new Upload({ client, params: { Bucket: "films", Key: key, Body: counted } }).done();
      return {
        ...{ bucket: "films", key, bytes, sha256: hash.digest("hex") },
        content_type: "video/mp4",
        url: `s3://films/${key}`,
      };
    },
    async close() {
      client.destroy();
    },
  };
}
