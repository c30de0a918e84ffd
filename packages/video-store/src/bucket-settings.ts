import type { BucketSettings } from "./s3-client.ts";

/** The bucket and the AWS SDK's own variables, as a process has parsed them. */
export type BucketVariables = BucketAccess & { ARCHIVE_BUCKET: string };

/** How any bucket is reached, whichever it is. */
export type BucketAccess = {
  AWS_REGION: string;
  AWS_ENDPOINT_URL_S3?: string | undefined;
  S3_FORCE_PATH_STYLE: boolean;
  AWS_ACCESS_KEY_ID?: string | undefined;
  AWS_SECRET_ACCESS_KEY?: Hidden | undefined;
  AWS_SESSION_TOKEN?: Hidden | undefined;
};

/** A value that is not printed by accident. */
type Hidden = { reveal(): string };

/** Where the bucket is and how we are let in; without keys the SDK looks for its own. */
export function bucketSettings(variables: BucketVariables): BucketSettings {
  return { bucket: variables.ARCHIVE_BUCKET, ...accessSettings(variables) };
}

/** The same for those who are told the bucket with each file. */
export function accessSettings(variables: BucketAccess): Omit<BucketSettings, "bucket"> {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_SESSION_TOKEN: token,
  } = variables;
  return {
    region: variables.AWS_REGION,
    endpoint: variables.AWS_ENDPOINT_URL_S3,
    forcePathStyle: variables.S3_FORCE_PATH_STYLE,
    credentials:
      accessKeyId && secret
        ? {
            accessKeyId,
            secretAccessKey: secret.reveal(),
            ...(token ? { sessionToken: token.reveal() } : {}),
          }
        : undefined,
  };
}
