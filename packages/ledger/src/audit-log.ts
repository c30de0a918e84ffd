import type { Redis } from "ioredis";
import { readTime } from "./redis-time.ts";

/** As many as the scripts keep: see `audit` in `record.lua`. */
const MOST_ENTRIES = 10_000;

export type AuditNote = {
  by: string;
  verb: string;
  videoId: string;
  details?: Readonly<Record<string, string>>;
};

/**
 * Notes in the audit log what a person did where no script does: what moves no money and leaves the record's own events
 * without a name (a hurried look, a cancelled order), and orders that are made on somebody's behalf.
 */
export async function noteAudit(redis: Redis, prefix: string, entry: AuditNote): Promise<void> {
  const { by, verb, videoId, details = {} } = entry;
  const fields = { at: String(await readTime(redis)), by, verb, video: videoId, ...details };
  await redis.xadd(`${prefix}:audit`, "MAXLEN", "~", MOST_ENTRIES, "*", ...Object.entries(fields).flat());
}
