import { Worker, type Job } from "bullmq";
import type { Redis } from "ioredis";
import type { Origin, Outcome, Stage, StageJob } from "@rushes/pipeline";
import { applyOutcome } from "./apply-outcome.ts";
import type { JobData, WakeQueues } from "./wake-queues.ts";

/**
 * A dead worker's job runs elsewhere after the lock plus one interval; 5 s and 2.5 s were measured to give 5.4 s. The
 * longest interval of any worker on a queue wins, so there is one for all.
 */
const LOCK_MS = 5_000;
const STALLED_EVERY_MS = 2_500;
/** Being taken over often is no reason to fail: the record decides what is still to do. */
const MAX_STALLED = 1_000;
/** A worker that gave no sign for this long is stuck (an idle read returns every 5 s, locks are renewed every 2.5 s). */
const SILENCE_MS = 60_000;

export type StageWorkerOptions = {
  stage: Stage;
  /** A worker connection; the caller closes it after `stop`. */
  redis: Redis;
  prefix: string;
  concurrency: number;
  queues: WakeQueues;
  decide(job: StageJob): Promise<Outcome>;
  /** @param origin where the video was ordered, for the log */
  onProblem(error: Error, videoId?: string, origin?: Origin): void;
};

export type StageWorker = {
  /** False when nothing was processed, renewed or read for a minute although Redis is there. */
  isAlive(): boolean;
  /**
   * Takes no new job, tells the running ones, and resolves when they have ended, at the latest when `signal` is aborted.
   */
  stop(signal?: AbortSignal): Promise<void>;
};

/** BullMQ's worker, which also tells when its loop last turned. */
class WatchedWorker extends Worker<JobData, string> {
  lastSignMs = performance.now();

  sign(): void {
    this.lastSignMs = performance.now();
  }

  protected override getBlockTimeout(blockUntil: number): number {
    this.sign();
    return super.getBlockTimeout(blockUntil);
  }
}

/** Runs one stage's jobs. What a job means is decided by `decide`; a thrown error is tried again with backoff. */
export function startStageWorker(options: StageWorkerOptions): StageWorker {
  /** One per running job. BullMQ's own would have to be joined with one for draining, which costs much more than both. */
  const running = new Set<{ id: string | undefined; aborting: AbortController }>();
  let isDraining = false;
  const draining = (): Error => new Error("the process is stopping");

  async function decide(job: Job<JobData, string>): Promise<Outcome> {
    const aborting = new AbortController();
    if (isDraining) aborting.abort(draining());
    const run = { id: job.id, aborting };
    running.add(run);
    try {
      return await options.decide({
        videoId: job.data.video,
        rev: job.data.rev,
        errand: job.data.errand ?? "follow",
        ...(job.data.delivery === undefined ? {} : { delivery: job.data.delivery }),
        signal: aborting.signal,
      });
    } finally {
      running.delete(run);
    }
  }

  const worker: WatchedWorker = new WatchedWorker(
    options.stage,
    async (job: Job<JobData, string>, token = "") => {
      const outcome = await decide(job);
      return await applyOutcome(outcome, {
        job,
        token,
        wake: (wakeUps) => options.queues.wake(wakeUps),
        rest: (delayMs) => worker.rateLimit(Math.ceil(delayMs)),
      });
    },
    {
      connection: options.redis,
      prefix: options.prefix,
      concurrency: options.concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_EVERY_MS,
      maxStalledCount: MAX_STALLED,
      // A resting stage looks again soon; the rest itself is kept in Redis.
      maximumRateLimitDelay: 1_000,
    },
  );
  worker.on("error", (error) => options.onProblem(error));
  worker.on("failed", (job, error) => {
    if (error.name !== "UnrecoverableError") options.onProblem(error, job?.data.video, originOf(job?.data));
  });
  for (const event of ["active", "completed", "locksRenewed"] as const) worker.on(event, () => worker.sign());
  // The job runs on without its lock: the record is the fence, this only spares work.
  worker.on("lockRenewalFailed", (jobIds) => {
    for (const { id, aborting } of running) {
      if (id !== undefined && jobIds.includes(id)) aborting.abort(new Error("the lock was lost"));
    }
  });

  return {
    isAlive: () => options.redis.status !== "ready" || performance.now() - worker.lastSignMs < SILENCE_MS,
    async stop(signal) {
      isDraining = true;
      for (const { aborting } of running) aborting.abort(draining());
      // close() never resolves while Redis is unreachable, so it gets no more time than the caller has.
      const closed = worker.close();
      if (!signal) return await closed;
      await Promise.race([closed, aborted(signal)]);
    },
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

function originOf(data: JobData | undefined): Origin {
  const { request_id, traceparent } = data ?? {};
  return { ...(request_id ? { request_id } : {}), ...(traceparent ? { traceparent } : {}) };
}
