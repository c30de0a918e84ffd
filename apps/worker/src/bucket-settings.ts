import type { BucketSettings } from "@rushes/video-store";
import type { ArchiveSettings } from "./settings.ts";

/** Where the bucket is and how we are let in; without keys the SDK looks for its own. */
export function bucketSettings(settings: ArchiveSettings): BucketSettings {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_SESSION_TOKEN: token,
  } = settings;
  return {
    bucket: settings.ARCHIVE_BUCKET,
    region: settings.AWS_REGION,
    endpoint: settings.AWS_ENDPOINT_URL_S3,
    forcePathStyle: settings.S3_FORCE_PATH_STYLE,
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
