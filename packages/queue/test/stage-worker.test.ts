import type { Redis } from "ioredis";
import type { Outcome, StageJob, WakeUp } from "@rushes/pipeline";
import { startTestRedis, uniquePrefix, untilTrue, type TestRedis } from "@rushes/test-rig";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  openProducerConnection,
  openWakeQueues,
  openWorkerConnection,
  startStageWorker,
  type StageWorker,
  type WakeQueues,
} from "../src/index.ts";

let server: TestRedis;
let redis: Redis;
let prefix: string;
let queues: WakeQueues;
let closing: (() => Promise<void>)[];

beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());
beforeEach(() => {
  prefix = uniquePrefix("queue");
  redis = openWorkerConnection(server.url);
  queues = openWakeQueues(redis, prefix);
  closing = [];
});
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  await queues.close();
  redis.disconnect();
});

function wakeUp(rev: number, extra: Partial<WakeUp> = {}): WakeUp {
  const about = { mode: "master-text-to-video", duration: 5, prompt: "a drone" } as const;
  return { stage: "poll", videoId: "vid_a", rev, delayMs: 0, about, ...extra };
}

function startWorker(decide: (job: StageJob) => Promise<Outcome>): StageWorker {
  const worker = startStageWorker({
    stage: "poll",
    redis: openConnection(),
    prefix,
    concurrency: 2,
    queues,
    decide,
    onProblem: () => {},
  });
  closing.push(() => worker.stop());
  return worker;
}

function openConnection(): Redis {
  const connection = openWorkerConnection(server.url);
  closing.push(() => Promise.resolve(connection.disconnect()));
  return connection;
}

const jobState = (rev: number): Promise<string> => queues.queues.poll.getJobState(`vid_a.poll.${rev}`);

describe("archive jobs are taken by the age of their results", () => {
  const HOUR_MS = 3_600_000;
  const nowMs = Date.UTC(2026, 10, 24);
  const archiveJob = (videoId: string, ageHours: number | null): WakeUp =>
    wakeUp(1, {
      ...{ stage: "archive", videoId },
      ...(ageHours === null ? {} : { resultSinceMs: nowMs - ageHours * HOUR_MS }),
    });

  function startArchiver(decide: (job: StageJob) => Promise<Outcome>): void {
    const worker = startStageWorker({
      ...{ stage: "archive", prefix, concurrency: 1, queues, decide },
      redis: openConnection(),
      onProblem: () => {},
    });
    closing.push(() => worker.stop());
  }

  test("the oldest first, whoever came first; what a person waits for before all", async () => {
    await queues.wake([archiveJob("vid_new", 1), archiveJob("vid_old", 300), archiveJob("vid_middle", 24)]);
    await queues.wake([archiveJob("vid_oldest", 340)]);
    await queues.wake([archiveJob("vid_person", null)]);
    const taken: string[] = [];
    startArchiver(({ videoId }) => {
      taken.push(videoId);
      return Promise.resolve({ kind: "advance", log: "" });
    });
    await untilTrue(() => taken.length === 5 || taken.join());
    expect(taken).toEqual(["vid_person", "vid_oldest", "vid_old", "vid_middle", "vid_new"]);
  });

  test("one that has to wait comes back in its time, and to its place", async () => {
    await queues.wake([archiveJob("vid_old", 300), archiveJob("vid_middle", 24)]);
    const taken: string[] = [];
    startArchiver(async ({ videoId }) => {
      taken.push(videoId);
      if (taken.length === 1) return { kind: "wait", log: "not yet", delayMs: 600_000 };
      if (taken.length === 2) {
        await queues.wake([archiveJob("vid_new", 1)]);
        // As if its time had come.
        await (await queues.queues.archive.getJob("vid_old.archive.1"))?.promote();
      }
      return { kind: "advance", log: "" };
    });
    await untilTrue(() => taken.length === 4 || taken.join());
    expect(taken).toEqual(["vid_old", "vid_middle", "vid_old", "vid_new"]);
  });
});

describe("what an outcome does to its job", () => {
  test("advance completes it, says what was done, and adds what comes next", async () => {
    startWorker(() =>
      Promise.resolve({ kind: "advance", log: "done here", next: [wakeUp(2, { stage: "archive" })] }),
    );
    await queues.wake([wakeUp(1)]);
    await untilTrue(async () => (await jobState(1)) === "completed");
    expect((await queues.queues.poll.getJob("vid_a.poll.1"))?.returnvalue).toBe("done here");
    expect(await queues.queues.archive.getJob("vid_a.archive.2")).toMatchObject({
      data: {
        video: "vid_a",
        rev: 2,
        link: "/v1/videos/vid_a",
        mode: "master-text-to-video",
        prompt: "a drone",
      },
    });
  });

  test.each([
    { kind: "wait", log: "again", delayMs: 60_000 },
    { kind: "give-up", reason: "no use" },
  ] as const)("$kind, too, adds what follows, and a webhook's job names its delivery", async (outcome) => {
    const next = [wakeUp(7, { stage: "notify", delivery: 7 })];
    startWorker(() => Promise.resolve({ ...outcome, next }));
    await queues.wake([wakeUp(1)]);
    const state = outcome.kind === "wait" ? "delayed" : "failed";
    await untilTrue(async () => (await jobState(1)) === state);
    expect(await queues.queues.notify.getJob("vid_a.notify.7")).toMatchObject({
      data: { video: "vid_a", rev: 7, delivery: 7 },
    });
    const heard: StageJob[] = [];
    const notifier = startStageWorker({
      stage: "notify",
      redis: openConnection(),
      prefix,
      concurrency: 1,
      queues,
      decide: (job) => (heard.push(job), Promise.resolve({ kind: "advance", log: "told" })),
      onProblem: () => {},
    });
    closing.push(() => notifier.stop());
    await untilTrue(() => heard.length === 1);
    expect(heard).toMatchObject([{ videoId: "vid_a", rev: 7, delivery: 7 }]);
  });

  test("wait brings the same job again and costs no attempt", async () => {
    let looks = 0;
    startWorker(() => {
      looks += 1;
      return Promise.resolve(
        looks < 8 ? { kind: "wait", log: "not yet", delayMs: 5 } : { kind: "advance", log: "now" },
      );
    });
    await queues.wake([wakeUp(1)]);
    await untilTrue(async () => (await jobState(1)) === "completed");
    expect(looks).toBe(8);
    expect((await queues.queues.poll.getJob("vid_a.poll.1"))?.attemptsMade).toBe(1);
  });

  test("pause rests the whole stage", async () => {
    const seen: number[] = [];
    startWorker((job) => {
      seen.push(job.rev);
      return Promise.resolve(
        seen.length === 1
          ? { kind: "pause", log: "too many requests", delayMs: 400 }
          : { kind: "advance", log: "ok" },
      );
    });
    await queues.wake([wakeUp(1)]);
    await untilTrue(() => seen.length === 1);
    await untilTrue(async () => (await queues.queues.poll.getRateLimitTtl()) > 0);
    await queues.wake([wakeUp(2)]);
    await untilTrue(async () => (await jobState(1)) === "completed" && (await jobState(2)) === "completed");
    expect(seen.filter((rev) => rev === 1)).toHaveLength(2);
  });

  test("give-up fails it at once, with the reason", async () => {
    startWorker(() => Promise.resolve({ kind: "give-up", reason: "the prompt was refused" }));
    await queues.wake([wakeUp(1)]);
    await untilTrue(async () => (await jobState(1)) === "failed");
    expect(await queues.queues.poll.getJob("vid_a.poll.1")).toMatchObject({
      failedReason: "the prompt was refused",
      attemptsMade: 1,
    });
  });

  test("an error that nobody expected is tried again", async () => {
    let tries = 0;
    startWorker(() => {
      tries += 1;
      return tries === 1
        ? Promise.reject(new Error("Redis hiccup"))
        : Promise.resolve({ kind: "advance", log: "ok" });
    });
    await queues.wake([wakeUp(1)]);
    await untilTrue(async () => (await jobState(1)) === "completed");
    expect(tries).toBe(2);
  });
});

describe("wake-ups", () => {
  test("the same wake-up twice is one job; the next rev is another", async () => {
    await queues.wake([wakeUp(1), wakeUp(1)]);
    await queues.wake([wakeUp(1)]);
    await queues.wake([wakeUp(2)]);
    expect(await queues.queues.poll.getJobCounts("waiting")).toEqual({ waiting: 2 });
  });

  test("turns that still wait are counted; delayed ones are not", async () => {
    await queues.wake([
      wakeUp(1, { stage: "submit" }),
      wakeUp(2, { stage: "submit" }),
      wakeUp(3, { stage: "submit", delayMs: 60_000 }),
    ]);
    expect(await queues.countWaitingTurns()).toBe(2);
  });
});

describe("a worker that goes away", () => {
  test("on stop tells its running jobs, waits for them, and leaves the rest", async () => {
    const worker = startWorker(
      (job) =>
        new Promise((resolve) => {
          job.signal.addEventListener("abort", () => resolve({ kind: "wait", log: "stopped", delayMs: 0 }));
        }),
    );
    await queues.wake([wakeUp(1), wakeUp(2), wakeUp(3)]);
    await untilTrue(async () => (await queues.queues.poll.getActiveCount()) === 2);
    await worker.stop();
    expect(await queues.queues.poll.getActiveCount()).toBe(0);
    expect(await queues.queues.poll.getJobCountByTypes("waiting", "delayed")).toBe(3);
  });

  test("without a word is taken over within the lock and one interval", async () => {
    const dead = openConnection();
    const lost = startStageWorker({
      stage: "poll",
      redis: dead,
      prefix,
      concurrency: 1,
      queues,
      decide: () => new Promise(() => {}),
      onProblem: () => {},
    });
    await queues.wake([wakeUp(1)]);
    await untilTrue(async () => (await jobState(1)) === "active");
    // Its connection is cut for good: the lock is no longer renewed.
    dead.disconnect();
    const gone = new AbortController();
    gone.abort();
    await lost.stop(gone.signal);
    startWorker(() => Promise.resolve({ kind: "advance", log: "taken over" }));
    await untilTrue(async () => (await jobState(1)) === "completed", { timeoutMs: 15_000 });
  });
});

describe("when Redis is away", () => {
  test("a producer is told, and does not wait for ever for a frozen one", async () => {
    const frozen = await startTestRedis();
    const producer = openProducerConnection(frozen.url);
    const itsQueues = openWakeQueues(producer, prefix);
    await untilTrue(() => producer.status === "ready");
    process.kill(frozen.pid, "SIGSTOP");
    await expect(itsQueues.wake([wakeUp(1)])).rejects.toThrow("Command timed out");
    process.kill(frozen.pid, "SIGCONT");
    await frozen.kill();
    await untilTrue(() => producer.status !== "ready");
    await expect(itsQueues.wake([wakeUp(2)])).rejects.toThrow(/writeable|closed|max retries|timed out/i);
    producer.disconnect();
    await frozen.stop();
  });

  test("a worker goes on by itself when Redis is back", async () => {
    const own = await startTestRedis();
    const connection = openWorkerConnection(own.url);
    const itsQueues = openWakeQueues(connection, prefix);
    const done: number[] = [];
    const worker = startStageWorker({
      stage: "poll",
      redis: connection,
      prefix,
      concurrency: 1,
      queues: itsQueues,
      decide: (job) => {
        done.push(job.rev);
        return Promise.resolve({ kind: "advance", log: "ok" });
      },
      onProblem: () => {},
    });
    await itsQueues.wake([wakeUp(1)]);
    await untilTrue(() => done.includes(1));
    await own.kill();
    const waking = itsQueues.wake([wakeUp(2)]);
    await own.restart();
    await waking;
    await untilTrue(() => done.includes(2));
    expect(worker.isAlive()).toBe(true);
    await worker.stop();
    await itsQueues.close();
    connection.disconnect();
    await own.stop();
  });

  test("stopping a worker ends at the caller's deadline", async () => {
    const own = await startTestRedis();
    const connection = openWorkerConnection(own.url);
    const itsQueues = openWakeQueues(connection, prefix);
    const worker = startStageWorker({
      stage: "poll",
      redis: connection,
      prefix,
      concurrency: 1,
      queues: itsQueues,
      decide: () => new Promise(() => {}),
      onProblem: () => {},
    });
    await itsQueues.wake([wakeUp(1)]);
    await untilTrue(async () => (await itsQueues.queues.poll.getActiveCount()) === 1);
    await own.kill();
    const deadline = new AbortController();
    const stopping = worker.stop(deadline.signal);
    deadline.abort();
    await stopping;
    connection.disconnect();
    await own.stop();
  });
});
