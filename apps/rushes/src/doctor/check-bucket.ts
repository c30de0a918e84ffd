import { judgeBucket, type Finding } from "@rushes/preflight";
import { bucketSettings, checkBucket } from "@rushes/video-store";
import type { DoctorSettings } from "./settings.ts";

/** @param mayWrite whether a test object may be stored and removed; otherwise the bucket is only looked at */
export async function findBucket(settings: DoctorSettings, mayWrite: boolean): Promise<Finding> {
  if (settings.ARCHIVE_BUCKET === undefined) {
    const fix = "set ARCHIVE_BUCKET where the role archive runs";
    return { check: "bucket", found: "ARCHIVE_BUCKET is not set", verdict: "unknown", fix };
  }
  const state = await checkBucket(bucketSettings({ ...settings, ARCHIVE_BUCKET: settings.ARCHIVE_BUCKET }), {
    writeUnder: mayWrite ? folderOf(settings.ARCHIVE_PREFIX) : undefined,
  });
  return judgeBucket(state);
}

/** As finished files lie under the prefix: with one slash at its end, none at its start. */
function folderOf(prefix: string): string {
  const bare = prefix.replaceAll(/^\/+|\/+$/g, "");
  return bare === "" ? "" : `${bare}/`;
}
