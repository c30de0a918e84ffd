import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { PLAIN_PREFIX, PLAIN_QUEUE, type PlainJob } from "./plain-job.ts";

/**
 * The control: what one would write with BullMQ alone. It posts in the processor, keeps the task's id in the job's data,
 * and leaves retries and stalled jobs to BullMQ's defaults (with the lock as short as the real workers'). It is wrong
 * on purpose, and the proof is worth something only if it is seen to be.
 */
const { REDIS_URL = "", APIXO_BASE_URL = "" } = process.env;
const HEADERS = { authorization: "Bearer sk-of-this-proof", "content-type": "application/json" };
const POST_WITHIN_MS = 4_000;
const LOOK_EVERY_MS = 250;

const connection = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
connection.on("error", () => {});

const worker = new Worker<PlainJob, string>(
  PLAIN_QUEUE,
  async (job) => {
    const taskId = job.data.taskId ?? (await post(job.data));
    await job.updateData({ ...job.data, taskId });
    for (;;) {
      const state = await look(taskId);
      if (state === "success") return taskId;
      if (state === "failed") throw new Error("the task failed");
      await sleep(LOOK_EVERY_MS);
    }
  },
  { connection, prefix: PLAIN_PREFIX, concurrency: 10, lockDuration: 5_000, stalledInterval: 2_500 },
);
worker.on("error", () => {});
process.stdout.write("the plain worker has started\n");

async function post({ input }: PlainJob): Promise<string> {
  const answer = await fetch(`${APIXO_BASE_URL}/generateTask/kling-2-1`, {
    method: "POST",
    headers: HEADERS,
    body: JSON.stringify({ request_type: "async", input }),
    signal: AbortSignal.timeout(POST_WITHIN_MS),
  });
  const { data } = (await answer.json()) as { data?: { taskId?: string } | null };
  if (!data?.taskId) throw new Error(`no task: ${answer.status}`);
  return data.taskId;
}

async function look(taskId: string): Promise<string> {
  try {
    const answer = await fetch(`${APIXO_BASE_URL}/statusTask/kling-2-1?taskId=${taskId}`, {
      headers: HEADERS,
      signal: AbortSignal.timeout(POST_WITHIN_MS),
    });
    return ((await answer.json()) as { data: { state: string } }).data.state;
  } catch {
    return "unknown";
  }
}
