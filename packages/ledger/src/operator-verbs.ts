import type { Redis } from "ioredis";
import type { Standing } from "@rushes/pipeline";
import { NO_BUDGET, SWEEP_GRACE_MS } from "./admission.ts";
import type { LedgerSettings } from "./ledger.ts";
import { readTime } from "./redis-time.ts";
import { fieldsOf, type RunScript } from "./scripts.ts";

/** A wanted adoption whose job was lost is looked at again after this. */
const ADOPTION_AGAIN_MS = 15_000;
/** The same of files that are wanted again; longer, for a copy that is under way needs no second one beside it. */
export const REARCHIVE_AGAIN_MS = 600_000;
/** Unconfirmed videos that one call lists. */
export const UNCONFIRMED_BATCH = 100;

/** What people may do about a video, each noted in the audit log by the script that does it. */
export type OperatorVerbs = {
  /**
   * Lets an unconfirmed video be charged again.
   * @param attemptsSeen the number of attempts on which the person decided; another number is `stale`
   * @param maxCharges raises the number of allowed charges, which is that person's consent; null = as it is
   */
  release(videoId: string, attemptsSeen: number, maxCharges: number | null, by: string): Promise<Standing>;
  /** Notes that a person says: this task is that video's. `requested` → the watch stage asks the provider and adopts. */
  requestAdoption(videoId: string, taskId: string, by: string): Promise<Standing>;
  /** Binds the task: to be called once the provider has been seen to know it. */
  adopt(videoId: string, taskId: string, by: string): Promise<Standing>;
  /** The provider does not know the wanted task. */
  refuseAdoption(videoId: string, taskId: string, why: string): Promise<Standing>;
  /** Gives an unconfirmed video up; what may have been charged is booked as spent. */
  writeOff(videoId: string, by: string): Promise<Standing>;
  /** Notes that a video's files are wanted again. `requested` → the archive stage sees to it. */
  requestRearchive(videoId: string, by: string): Promise<Standing>;
  /** Videos that have been unconfirmed for at least so long, longest first, up to 100 after so many skipped ones. */
  listUnconfirmed(olderThanMs: number, skipped?: number): Promise<string[]>;
  /** What people have done, newest first. */
  readAudit(most: number): Promise<AuditEntry[]>;
};

export type AuditEntry = {
  atMs: number;
  by: string;
  verb: string;
  videoId: string;
  details: Record<string, string>;
};

type RunOnRecord = (
  name: Parameters<RunScript>[0],
  videoId: string,
  args: readonly (string | number)[],
) => Promise<Standing>;

export function createOperatorVerbs(
  redis: Redis,
  prefix: string,
  settings: LedgerSettings,
  onRecord: RunOnRecord,
): OperatorVerbs {
  const budget = settings.budgetMicros ?? NO_BUDGET;
  return {
    release: (videoId, attemptsSeen, maxCharges, by) =>
      onRecord("release-video", videoId, [attemptsSeen, maxCharges ?? 0, budget, SWEEP_GRACE_MS, by]),
    requestAdoption: (videoId, taskId, by) =>
      onRecord("request-adoption", videoId, [taskId, by, ADOPTION_AGAIN_MS]),
    adopt: (videoId, taskId, by) => onRecord("adopt-task", videoId, [taskId, settings.leaseMaxMs, by]),
    refuseAdoption: (videoId, taskId, why) => onRecord("refuse-adoption", videoId, [taskId, why]),
    requestRearchive: (videoId, by) => onRecord("request-rearchive", videoId, [by, REARCHIVE_AGAIN_MS]),
    writeOff: (videoId, by) => onRecord("write-off", videoId, [by]),

    async listUnconfirmed(olderThanMs, skipped = 0) {
      const since = (await readTime(redis)) - olderThanMs;
      const page = ["LIMIT", skipped, UNCONFIRMED_BATCH] as const;
      return await redis.zrangebyscore(`${prefix}:unconfirmed`, "-inf", since, ...page);
    },

    async readAudit(most) {
      const entries = await redis.xrevrange(`${prefix}:audit`, "+", "-", "COUNT", most);
      return entries.map(([, flat]) => {
        const { at, by, verb, video, ...details } = fieldsOf(flat);
        return {
          atMs: Number(at),
          by: String(by),
          verb: String(verb),
          videoId: String(video),
          details,
        };
      });
    },
  };
}
