import { Queue, type JobsOptions } from "bullmq";
import type { Redis } from "ioredis";
import { jobId, STAGES, type Errand, type JobSummary, type Stage, type WakeUp } from "@rushes/pipeline";

import { jobPriority } from "./job-priority.ts";

/** What a job carries: the video's id, and what an operator wants to see. Never read as truth. */
export type JobData = {
  video: string;
  rev: number;
  /** In poll: what the job is for. */
  errand?: Errand;
  /** In notify: the number of the delivery. */
  delivery?: number;
  link: string;
} & JobSummary;

/**
 * Finished jobs stay for people to look at: a day, and no more than so many. A job that throws is not lost: it is tried
 * again a few times, and after that the sweep wakes its video anew.
 */
const JOB_OPTIONS: JobsOptions = {
  attempts: 5,
  backoff: { type: "exponential", delay: 1_000, jitter: 0.5 },
  removeOnComplete: { age: 24 * 3600, count: 2_000 },
  removeOnFail: { age: 7 * 24 * 3600, count: 10_000 },
};

export type WakeQueues = {
  /** Adds the jobs of these wake-ups, one round trip per stage. A wake-up whose id is known already does nothing. */
  wake(wakeUps: readonly WakeUp[]): Promise<void>;
  /** Submit jobs that wait for a worker: turns that are still to come. */
  countWaitingTurns(): Promise<number>;
  /**
   * Workers take no new turn at submitting, or take them again. Turns that were taken already are not reached so, and
   * whoever obliterates the queue ends the pause: what may be paid for is the ledger's to say.
   */
  pauseSubmit(): Promise<void>;
  resumeSubmit(): Promise<void>;
  /** The BullMQ queues, for Bull Board. */
  queues: Readonly<Record<Stage, Queue<JobData>>>;
  /** Does not close the connection, which is the caller's. */
  close(): Promise<void>;
};

/** The queues of all stages on one connection that the caller owns. */
export function openWakeQueues(redis: Redis, prefix: string, onProblem?: (error: Error) => void): WakeQueues {
  const queues = Object.fromEntries(STAGES.map((stage) => [stage, openQueue(stage)])) as Record<
    Stage,
    Queue<JobData>
  >;

  function openQueue(stage: Stage): Queue<JobData> {
    const queue = new Queue<JobData>(stage, { connection: redis, prefix, defaultJobOptions: JOB_OPTIONS });
    queue.on("error", (error) => onProblem?.(error));
    return queue;
  }

  return {
    async wake(wakeUps) {
      for (const stage of STAGES) {
        const jobs = wakeUps.filter((wakeUp) => wakeUp.stage === stage).map(jobOf);
        const [first] = jobs;
        if (first && jobs.length === 1) await queues[stage].add(first.name, first.data, first.opts);
        else if (first) await queues[stage].addBulk(jobs);
      }
    },

    async countWaitingTurns() {
      const counts = await queues.submit.getJobCounts("waiting", "prioritized");
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },

    pauseSubmit: () => queues.submit.pause(),
    resumeSubmit: () => queues.submit.resume(),

    queues,

    async close() {
      for (const queue of Object.values(queues)) await queue.close();
    },
  };
}

function jobOf(wakeUp: WakeUp): { name: string; data: JobData; opts: JobsOptions } {
  const { stage, videoId, rev, errand, delivery, delayMs, resultSinceMs, about } = wakeUp;
  const priority = jobPriority(resultSinceMs);
  return {
    name: stage,
    data: {
      video: videoId,
      rev,
      ...(errand === undefined ? {} : { errand }),
      ...(delivery === undefined ? {} : { delivery }),
      link: `/v1/videos/${videoId}`,
      ...about,
    },
    opts: {
      jobId: jobId(wakeUp),
      delay: Math.max(0, Math.ceil(delayMs)),
      ...(priority === 0 ? {} : { priority }),
    },
  };
}
