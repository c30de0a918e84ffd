import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { archive, poll, stageOf, submit, summarize, type Records } from "@rushes/pipeline";
import { KEY_PREFIX, startPlaceGate } from "@rushes/ledger";
import { openWakeQueues, openWorkerConnection, startStageWorker } from "@rushes/queue";
import { createBenchLedger } from "./bench-ledger.ts";
import type { FleetOrder, RunningSide } from "./fleet-messages.ts";
import { createInstantProvider, storeInstantly } from "./stand-ins.ts";

const ACCOUNT = "default";
/** The defaults of apps/worker, but for the first look. */
const SETTINGS = {
  pollFirstMs: 1,
  pollMinMs: 5_000,
  pollMaxMs: 10_000,
  lateAfterMs: 900_000,
  lateEveryMaxMs: 600_000,
  resultPlanMs: 86_400_000,
  resultLifeMs: 1_296_000_000,
  retryMinMs: 1_000,
  retryMaxMs: 60_000,
};
const SEND_WITHIN_MS = 2_500;
const SWEEP_EVERY_MS = 2_000;
const TELL_EVERY_MS = 5_000;

/**
 * The pipeline as apps/worker wires it in one process with all its roles: the real ledger, queues, gate, stages and
 * sweep. Only the provider and the store are stand-ins, and nothing is logged or exported as a metric.
 */
export async function startRushesSide(order: FleetOrder): Promise<RunningSide> {
  const onProblem = (error: unknown): void => console.error(`rushes side: ${String(error)}`);
  const connections: Redis[] = [];
  const openConnection = (): Redis => {
    const redis = openWorkerConnection(order.redisUrl, onProblem);
    connections.push(redis);
    return redis;
  };
  const redis = openConnection();
  const ledger = createBenchLedger(redis);
  const queues = openWakeQueues(redis, KEY_PREFIX, onProblem);
  const provider = createInstantProvider();
  let submitted = 0;
  let completed = 0;
  const records: Records = {
    ...ledger,
    async learnAnswer(attempt, fact) {
      const standing = await ledger.learnAnswer(attempt, fact);
      if (standing.phase === "generating") submitted += 1;
      return standing;
    },
    async recordArchive(attempt, taskId, fact) {
      const standing = await ledger.recordArchive(attempt, taskId, fact);
      if (standing.phase === "completed") completed += 1;
      return standing;
    },
  };
  const gate = startPlaceGate({
    ledger,
    subscriber: openConnection(),
    prefix: KEY_PREFIX,
    accounts: [{ name: ACCOUNT, concurrency: order.placesMost }],
    sendWithinMs: SEND_WITHIN_MS,
    monotonicMs: () => performance.now(),
    onProblem,
  });
  const ports = { records, provider: () => provider, settings: SETTINGS, random: Math.random };
  const stage = { prefix: KEY_PREFIX, concurrency: order.concurrency, queues, onProblem };
  const workers = [
    startStageWorker({
      ...stage,
      stage: "submit",
      redis: openConnection(),
      decide: (job) =>
        submit(job, {
          ...ports,
          claim: (signal) => gate.claim(signal),
          callbackUrl: () => undefined,
          noteAccount: (account, verdict) => ledger.noteAccount(account, verdict),
        }),
    }),
    startStageWorker({
      ...stage,
      stage: "poll",
      redis: openConnection(),
      decide: (job) => poll(job, ports),
    }),
    startStageWorker({
      ...stage,
      stage: "archive",
      redis: openConnection(),
      async decide(job) {
        const keepSweepAway = (): void => {
          ledger.postponeSweep(job.videoId, "archiving", job.rev, 30_000).catch(onProblem);
        };
        const busy = setInterval(keepSweepAway, TELL_EVERY_MS);
        const observed: Records = {
          ...records,
          async read(videoId) {
            const reading = await records.read(videoId);
            if (reading && reading.record.dueMs - reading.nowMs <= TELL_EVERY_MS) keepSweepAway();
            return reading;
          },
        };
        try {
          return await archive(job, { ...ports, records: observed, store: storeInstantly, alert: onProblem });
        } finally {
          clearInterval(busy);
        }
      },
    }),
  ];

  const stopping = new AbortController();
  async function sweepOn(): Promise<void> {
    while (!stopping.signal.aborted) {
      const overdue = await ledger.claimOverdue(await queues.countWaitingTurns());
      const readings = await ledger.readMany(overdue.map(({ videoId }) => videoId));
      const byId = new Map(readings.map((reading) => [reading.record.id, reading]));
      await queues.wake(
        overdue.flatMap(({ videoId, phase, wake }) => {
          const reading = byId.get(videoId);
          const woken = stageOf(phase);
          if (!reading || !woken) return [];
          return [{ stage: woken, videoId, rev: wake, delayMs: 0, about: summarize(reading.order) }];
        }),
      );
      await sleep(SWEEP_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }
  const sweeping = sweepOn();

  return {
    counts: () => ({ submitted, completed }),
    async stop() {
      stopping.abort();
      await Promise.all([sweeping, ...workers.map((worker) => worker.stop())]);
      await gate.stop();
      await queues.close();
      for (const connection of connections) connection.disconnect();
    },
  };
}
