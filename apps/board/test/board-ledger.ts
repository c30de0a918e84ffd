import { Redis } from "ioredis";
import { createLedger, type Ledger } from "@rushes/ledger";
import { orderSchema, type AttemptKey } from "@rushes/pipeline";

const ACCOUNT = { name: "main", concurrency: 99, rate: 1_000_000 };

/** Videos as workers leave them, beside a board on the same Redis. */
export type BoardLedger = {
  redis: Redis;
  ledger: Ledger;
  order(id: string, order?: { prompt?: string; duration?: number; key?: string }): Promise<void>;
  /** Submitted, and the answer was lost. */
  unconfirmed(id: string, order?: { prompt?: string; duration?: number }): Promise<void>;
  /** Accepted with the task `task-<id>`. */
  generating(id: string): Promise<AttemptKey>;
  completed(id: string, file?: { bucket: string; key: string }): Promise<void>;
  failed(id: string, code: string): Promise<void>;
  /** Nobody will submit it: the next one in line is another. */
  leaveLine(id: string): Promise<void>;
  close(): void;
};

export function openBoardLedger(redisUrl: string, prefix: string): BoardLedger {
  const redis = new Redis(redisUrl);
  redis.on("error", () => {});
  const ledger = createLedger(redis, prefix, {
    budgetMicros: null,
    leaseMaxMs: 3_600_000,
    submitDeadlineMs: 3_600_000,
    billFailedTasks: false,
  });

  const order: BoardLedger["order"] = async (id, { prompt = "A harbour", duration = 5, key } = {}) => {
    const parsed = orderSchema.parse({ input: { mode: "master-text-to-video", prompt, duration } });
    await ledger.admit({ videoId: id, owner: "anna", idempotencyKey: key ?? null, order: parsed });
  };

  async function claim(id: string): Promise<AttemptKey> {
    const claimed = await ledger.claimSubmission([ACCOUNT]);
    if (claimed.kind !== "claimed") throw new Error(`expected a claim, got ${claimed.kind}`);
    if (claimed.videoId !== id) throw new Error(`${claimed.videoId} stands in line before ${id}`);
    return claimed;
  }

  async function generating(id: string): Promise<AttemptKey> {
    await order(id);
    const attempt = await claim(id);
    await ledger.learnAnswer(attempt, { fact: "accepted", taskId: `task-${id}`, firstLookMs: 60_000 });
    return attempt;
  }

  return {
    redis,
    ledger,
    order,
    generating,
    async unconfirmed(id, of) {
      await order(id, of);
      await ledger.learnAnswer(await claim(id), { fact: "unknown" });
    },
    async completed(id, { bucket, key } = { bucket: "films", key: `${id}.mp4` }) {
      const attempt = await generating(id);
      await ledger.recordLook(attempt, `task-${id}`, {
        report: "succeeded",
        resultUrls: ["https://a/b.mp4"],
      });
      const url = `s3://${bucket}/${key}`;
      const file = { url, bucket, key, bytes: 4_000_000, sha256: "ab", content_type: "video/mp4" };
      await ledger.recordArchive(attempt, `task-${id}`, { result: "stored", output: [file], manifest: file });
    },
    async failed(id, code) {
      const attempt = await generating(id);
      const problem = { code, class: "provider_fault", message: "It did not work." } as const;
      await ledger.recordLook(attempt, `task-${id}`, {
        report: "failed",
        problem,
        mayRetry: false,
        backoffMs: 0,
      });
    },
    async leaveLine(id) {
      await redis.zrem(`${prefix}:line:anna`, id);
    },
    close: () => redis.disconnect(),
  };
}
