import { Queue } from "bullmq";
import { ulid } from "ulid";
import type { Redis } from "ioredis";
import { orderSchema, summarize, type Order } from "@rushes/pipeline";
import { createProducer } from "@rushes/producer";
import { KEY_PREFIX } from "@rushes/ledger";
import { openWakeQueues, type JobData } from "@rushes/queue";
import { createBenchLedger } from "./bench-ledger.ts";
import { RAW_JOB_OPTIONS, RAW_PREFIX, RAW_QUEUES } from "./raw-control.ts";

/** Orders admitted side by side; more only lengthens Redis' queue. */
const BATCH = 500;

/** A prompt of usual length. */
const ORDER: Order = orderSchema.parse({
  input: {
    mode: "master-text-to-video",
    duration: 5,
    prompt:
      "A red fox runs through fresh snow at dawn, low camera close behind it, breath visible in the cold air, long soft shadows of birches.",
    aspect_ratio: "16:9",
  },
  metadata: { campaign: "bench" },
});

type Told = (done: number) => void;

/** Admits so many orders through the real producer: record, money, line, idempotency key, and the wake-up. */
export async function fillRushes(redis: Redis, count: number, told: Told): Promise<void> {
  const ledger = createBenchLedger(redis);
  const queues = openWakeQueues(redis, KEY_PREFIX);
  const producer = createProducer({
    ledger,
    queues,
    onProblem: (error) => {
      throw error;
    },
  });
  await inBatches(count, told, async (size) => {
    const admissions = await Promise.all(
      Array.from({ length: size }, () =>
        producer.orderVideo({ order: ORDER, owner: "bench", idempotencyKey: crypto.randomUUID() }),
      ),
    );
    if (admissions.some(({ kind }) => kind !== "admitted")) throw new Error("an order was not admitted");
  });
  await queues.close();
}

/** Adds so many jobs to the first of the control's queues, with the same data that a wake-up of Rushes carries. */
export async function fillRaw(redis: Redis, count: number, told: Told): Promise<void> {
  const [first] = RAW_QUEUES;
  const queue = new Queue<JobData>(first, {
    connection: redis,
    prefix: RAW_PREFIX,
    defaultJobOptions: RAW_JOB_OPTIONS,
  });
  await inBatches(count, told, async (size) => {
    const jobs = Array.from({ length: size }, () => {
      const video = `vid_${ulid().toLowerCase()}`;
      return { name: first, data: { video, rev: 1, link: `/v1/videos/${video}`, ...summarize(ORDER) } };
    });
    await queue.addBulk(jobs);
  });
  await queue.close();
}

async function inBatches(count: number, told: Told, add: (size: number) => Promise<void>): Promise<void> {
  for (let done = 0; done < count;) {
    const size = Math.min(BATCH, count - done);
    await add(size);
    done += size;
    told(done);
  }
}
