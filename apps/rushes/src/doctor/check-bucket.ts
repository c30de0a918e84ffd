import { judgeBucket, type Finding } from "@rushes/preflight";
import { checkBucket } from "@rushes/video-store";
import type { DoctorSettings } from "./settings.ts";

/** @param mayWrite whether a test object may be stored and removed; otherwise the bucket is only looked at */
export async function findBucket(settings: DoctorSettings, mayWrite: boolean): Promise<Finding> {
  if (settings.ARCHIVE_BUCKET === undefined) {
    const fix = "set ARCHIVE_BUCKET where the role archive runs";
    return { check: "bucket", found: "ARCHIVE_BUCKET is not set", verdict: "unknown", fix };
  }
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_SESSION_TOKEN: token,
  } = settings;
  const state = await checkBucket(
    {
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
    },
    { writeUnder: mayWrite ? folderOf(settings.ARCHIVE_PREFIX) : undefined },
  );
  return judgeBucket(state);
}

/** As finished files lie under the prefix: with one slash at its end, none at its start. */
function folderOf(prefix: string): string {
  const bare = prefix.replaceAll(/^\/+|\/+$/g, "");
  return bare === "" ? "" : `${bare}/`;
}
