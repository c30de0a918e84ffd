import { GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { StoredFile } from "@rushes/pipeline";
import { bucketFailure } from "./bucket-failure.ts";
import { openS3Client, type BucketSettings } from "./s3-client.ts";

export type ContentLinks = {
  /**
   * A link by which anybody may fetch this one file for a while. Nothing is asked of the bucket: whether the file is
   * there shows when the link is followed.
   *
   * @param method a signature holds for one only
   * @throws Failure `bucket_misconfigured` when no credentials can be found
   */
  linkTo(file: Pick<StoredFile, "bucket" | "key">, method: "GET" | "HEAD"): Promise<string>;
  close(): void;
};

/** @param lifeS how long a link may be begun to be followed, seconds; what is under way then is finished */
export function openContentLinks(settings: Omit<BucketSettings, "bucket">, lifeS: number): ContentLinks {
  const client = openS3Client(settings);
  return {
    async linkTo({ bucket: Bucket, key: Key }, method) {
      const command =
        method === "HEAD" ? new HeadObjectCommand({ Bucket, Key }) : new GetObjectCommand({ Bucket, Key });
      try {
        return await getSignedUrl(client, command, { expiresIn: lifeS });
      } catch (error) {
        throw bucketFailure(error, `signing a link to ${Key}`);
      }
    },
    close: () => client.destroy(),
  };
}
