import { join } from "node:path";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { startSandbox } from "@rushes/sandbox";
import { startTestRedis, untilTrue } from "@rushes/test-rig";
import { checkFolder, type Verdict } from "../checker/check-folder.ts";
import { planFaults } from "../faults/fault-schedule.ts";
import { startPace, type Pace } from "../faults/pace.ts";
import { PROVIDER_WEATHER } from "../faults/provider-weather.ts";
import { strikeAll } from "../faults/strike.ts";
import { writeBill } from "../history/collect-witnesses.ts";
import { createHistoryFolder, type HistoryFolder } from "../history/history-folder.ts";
import { createRandom } from "../seeded-random.ts";
import { planOrders, type PlannedOrder } from "../system/order-plan.ts";
import { startPart, type PartProcess } from "../system/part-process.ts";
import { SANDBOX_PACE, SCALED_SETTINGS } from "../system/scaled-settings.ts";
import { PLAIN_PREFIX, PLAIN_QUEUE, PLAIN_RETRIES, type PlainJob } from "./plain-job.ts";

export type ControlOptions = { seed: number; orders: number; faults: number; workers: number; out: string };

const DRAIN_MS = 60_000;

/**
 * The same caller's orders, the same faults, the same provider and the same checker, over plain BullMQ. If this run is
 * found to be clean, the harness finds nothing, and no other run of it proves anything.
 */
export async function runControl(options: ControlOptions): Promise<Verdict> {
  const { seed } = options;
  const folder = createHistoryFolder(join(options.out, `control-${seed}`));
  const faults = planFaults(options.faults, createRandom(seed, "faults"));
  const orders = planOrders(
    seed,
    options.orders,
    faults.at(-1)?.atMs ?? 1_000,
    createRandom(seed, "orders"),
  ).map((order) => ({ ...order, body: { ...order.body, max_charges: 1 } }));
  const startedAt = Date.now();
  const [redis, sandbox] = await Promise.all([
    startTestRedis(),
    startSandbox({ ...SANDBOX_PACE, seed: String(seed), faults: weatherWithoutFailures() }),
  ]);
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  connection.on("error", () => {});
  const queue = new Queue<PlainJob, string>(PLAIN_QUEUE, { connection, prefix: PLAIN_PREFIX });
  queue.on("error", () => {});

  const all: PartProcess[] = [];
  const workers: PartProcess[] = [];
  const spawnWorker = (): PartProcess => {
    const worker = startPart({
      name: `plain-${all.length + 1}`,
      main: "apps/proof/src/control/plain-worker.ts",
      environment: {
        PATH: process.env["PATH"] ?? "",
        NODE_COMPILE_CACHE: SCALED_SETTINGS.NODE_COMPILE_CACHE,
        REDIS_URL: redis.url,
        APIXO_BASE_URL: sandbox.url,
      },
      logsPath: folder.logsPath,
      stepsPath: folder.stepsPath,
    });
    all.push(worker);
    workers.push(worker);
    return worker;
  };

  try {
    for (let count = 0; count < options.workers; count += 1) spawnWorker();
    await Promise.all(workers.map((worker) => worker.untilLogged("has started")));
    const pace = startPace();
    const struck = {
      folder,
      redis,
      api: null,
      board: null,
      workers: () => workers,
      replaceWorker(dead: PartProcess) {
        workers.splice(workers.indexOf(dead), 1);
        return spawnWorker();
      },
    };
    await Promise.all([
      ...orders.map((order) => addJob(queue, folder, order, pace)),
      strikeAll(struck, faults, pace),
    ]);
    const calmAt = Date.now();
    sandbox.configure({ faults: null });
    const drainedAt = await untilEmpty(queue);
    writeBill(folder, sandbox);
    await writeJobs(folder, queue);
    folder.writeFacts({
      ...{ name: `control-${seed}`, seed, callbacks: "off", callbackDropShare: 0, budgetUsd: null },
      ...{ keepsBooks: false, keepsFiles: false, startedAt, calmAt, drainedAt },
    });
  } finally {
    await Promise.all(all.map((worker) => worker.kill()));
    await queue.close();
    connection.disconnect();
    await Promise.all([sandbox.stop(), redis.stop()]);
  }
  return checkFolder(folder.path);
}

/** A task that fails is tried again by BullMQ, which nobody would call a double charge; so none fails here. */
function weatherWithoutFailures(): Record<string, number> {
  return Object.fromEntries(Object.entries(PROVIDER_WEATHER).filter(([name]) => !name.startsWith("fail:")));
}

async function addJob(
  queue: Queue<PlainJob, string>,
  folder: HistoryFolder,
  { key, atMs, body }: PlannedOrder,
  pace: Pace,
): Promise<void> {
  await pace.until(atMs);
  const { prompt } = body.input;
  folder.append("orders", { at: Date.now(), event: "sent", key, prompt, maxCharges: 1 });
  await queue.add("submit", { key, prompt, input: body.input }, { jobId: key, ...PLAIN_RETRIES });
  folder.append("orders", { at: Date.now(), event: "acknowledged", key, videoId: key });
}

async function untilEmpty(queue: Queue): Promise<number | null> {
  try {
    await untilTrue(
      async () => {
        const counts = await queue.getJobCounts("wait", "active", "delayed", "prioritized");
        return Object.values(counts).every((count) => count === 0) || counts;
      },
      { timeoutMs: DRAIN_MS, everyMs: 200 },
    );
    return Date.now();
  } catch {
    return null;
  }
}

async function writeJobs(folder: HistoryFolder, queue: Queue<PlainJob, string>): Promise<void> {
  for (const job of await queue.getJobs()) {
    const phase = await job.getState();
    folder.append("records", {
      videoId: job.data.key,
      prompt: job.data.prompt,
      phase,
      createdMs: job.timestamp,
      reservedMicros: 0,
      billedMicros: 0,
      taskId: job.data.taskId ?? null,
      attempts: [],
      output: [],
      events: [{ at: job.finishedOn ?? job.timestamp, phase, what: phase }],
    });
  }
}
