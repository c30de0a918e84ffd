import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { openWorkerConnection, type JobData } from "@rushes/queue";
import type { FleetOrder, RunningSide } from "./fleet-messages.ts";

export const RAW_PREFIX = "{raw}";
export const RAW_QUEUES = ["raw-1", "raw-2", "raw-3"] as const;

/** The same as Rushes gives its jobs (`JOB_OPTIONS` in packages/queue), so that keeping finished jobs costs both the same. */
export const RAW_JOB_OPTIONS = {
  attempts: 5,
  backoff: { type: "exponential", delay: 1_000, jitter: 0.5 },
  removeOnComplete: { age: 24 * 3600, count: 2_000 },
  removeOnFail: { age: 7 * 24 * 3600, count: 10_000 },
};

/**
 * The control: a job whose processor adds the next queue's job and waits for that; the third only counts. Everything
 * else is BullMQ's default. No record, no money, no intent: what moving a job through three queues costs by itself.
 */
export async function startRawControl(order: FleetOrder): Promise<RunningSide> {
  const openConnection = (): Redis =>
    order.gathersWrites
      ? openWorkerConnection(order.redisUrl)
      : new Redis(order.redisUrl, { maxRetriesPerRequest: null });
  const connection = openConnection();
  const queues = RAW_QUEUES.map(
    (name) =>
      new Queue<JobData>(name, { connection, prefix: RAW_PREFIX, defaultJobOptions: RAW_JOB_OPTIONS }),
  );
  let submitted = 0;
  let completed = 0;
  const connections = [connection];
  const workers = RAW_QUEUES.map((name, index) => {
    const own = openConnection();
    connections.push(own);
    const next = queues[index + 1];
    return new Worker<JobData, string>(
      name,
      async (job) => {
        if (next) await next.add(name, job.data);
        if (index === 0) submitted += 1;
        if (!next) completed += 1;
        return "done";
      },
      { connection: own, prefix: RAW_PREFIX, concurrency: order.concurrency },
    );
  });
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));
  return {
    counts: () => ({ submitted, completed }),
    async stop() {
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all(queues.map((queue) => queue.close()));
      for (const redis of connections) redis.disconnect();
    },
  };
}
