import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { KEY_PREFIX, MOST_SAMPLES } from "@rushes/ledger";
import { startTestRedis } from "@rushes/test-rig";
import { createBenchLedger } from "../throughput/bench-ledger.ts";
import { fillRushes } from "../throughput/fill-queues.ts";
import { differenceOf, readRedisMeter } from "../throughput/redis-meter.ts";
import { startWorkerFleet } from "../throughput/worker-fleet.ts";
import { startBoardProcess, type BoardProcess } from "./board-process.ts";

const ACCOUNT = { name: "default", concurrency: 500 };
/** How often a page that is open asks for what has changed. */
const LIVE_EVERY_MS = 3_000;
const PAGES = [
  "/overview",
  "/overview/live",
  "/videos",
  "/videos?phase=queued",
  "/find?q={id}",
  "/videos/{id}",
];

/**
 * What the overview costs Redis beside a system that moves so many videos a second, and how long pages take with so many
 * videos there. The two are measured one after the other on the same Redis, so that neither hides in the other's noise.
 */
export async function runOverview(args: string[]): Promise<void> {
  const options = parseOptions(args);
  const server = await startTestRedis();
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  try {
    const system = await measureSystem(redis, server.url, options);
    const board = await measureBoard(redis, server.url, options);
    console.log(`
                            commands/s in Redis
a system at ${options.rate} videos/s ${system.toFixed(0).padStart(14)}
the overview, ${options.watchers} watching ${board.toFixed(0).padStart(12)}
share ${((100 * board) / system).toFixed(2).padStart(28)} %`);
  } finally {
    redis.disconnect();
    await server.stop();
  }
}

type Options = { videos: number; rate: number; seconds: number; watchers: number };
function parseOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      videos: { type: "string", default: "100000" },
      rate: { type: "string", default: "100" },
      seconds: { type: "string", default: "30" },
      watchers: { type: "string", default: "5" },
    },
  });
  const [videos, rate, seconds, watchers] = [values.videos, values.rate, values.seconds, values.watchers].map(
    Number,
  );
  if (!(videos && rate && seconds && watchers)) throw new RangeError("options must be numbers above 0");
  return { videos, rate, seconds, watchers };
}

/** Orders at an even pace, and real stages that take them to their end. @returns commands a second */
async function measureSystem(redis: Redis, redisUrl: string, options: Options): Promise<number> {
  const fleet = await startWorkerFleet({
    side: "rushes",
    redisUrl,
    concurrency: 30,
    gathersWrites: true,
    placesMost: ACCOUNT.concurrency,
    processes: 1,
    profileDir: null,
  });
  const perTick = Math.max(1, Math.round(options.rate / 10));
  fleet.startStages();
  const before = await readRedisMeter(redis);
  const startedMs = performance.now();
  let ordered = 0;
  while (performance.now() - startedMs < options.seconds * 1_000) {
    await fillRushes(redis, perTick, () => {});
    ordered += perTick;
    await sleep(Math.max(0, startedMs + (ordered / options.rate) * 1_000 - performance.now()));
  }
  await fleet.untilCompleted(ordered);
  const seconds = (performance.now() - startedMs) / 1_000;
  const use = differenceOf(before, await readRedisMeter(redis));
  await fleet.stopStages();
  await fleet.stop();
  console.log(
    `${ordered} videos in ${seconds.toFixed(1)} s, ${Math.round(use.commands / ordered)} commands each`,
  );
  return use.commands / seconds;
}

/** Among the videos of the system's run, and as many waiting ones as asked for. @returns commands a second */
async function measureBoard(redis: Redis, redisUrl: string, options: Options): Promise<number> {
  await fillRushes(redis, options.videos, () => {});
  await fillHistory(redis);
  const board = await startBoardProcess(redisUrl);
  await timePages(redis, board);
  const before = await readRedisMeter(redis);
  await watch(board, options);
  const use = differenceOf(before, await readRedisMeter(redis));
  await board.stop();
  return use.commands / options.seconds;
}

async function watch(board: BoardProcess, { seconds, watchers }: Options): Promise<void> {
  const untilMs = performance.now() + seconds * 1_000;
  await Promise.all(
    Array.from({ length: watchers }, async (_, index) => {
      await sleep((index * LIVE_EVERY_MS) / watchers);
      while (performance.now() < untilMs) {
        await board.get(`/overview/live?after=${Date.now() - 60_000}`);
        await sleep(LIVE_EVERY_MS);
      }
    }),
  );
}

/** Three hours of samples. */
async function fillHistory(redis: Redis): Promise<void> {
  await createBenchLedger(redis).limits.announce([ACCOUNT]);
  const nowMs = Date.now();
  const pipeline = redis.pipeline();
  for (let at = MOST_SAMPLES; at > 0; at -= 1) {
    const row = JSON.stringify([at % 20, 20, at % 60, 60, at % 50 === 0 ? 1 : 0]);
    pipeline.xadd(`${KEY_PREFIX}:limit-history:${ACCOUNT.name}`, `${nowMs - at * 5_000}-0`, "s", row);
  }
  await pipeline.exec();
}

/** Each page nine times, with what the board keeps grown old before each. */
async function timePages(redis: Redis, board: BoardProcess): Promise<void> {
  const [id] = await redis.zrevrange(`${KEY_PREFIX}:ended`, 0, 0);
  console.log("page                      first   median  slowest, ms");
  for (const path of PAGES) {
    const times: number[] = [];
    for (let turn = 0; turn < 9; turn += 1) {
      if (path.startsWith("/overview")) await sleep(LIVE_EVERY_MS + 100);
      times.push(await board.get(path.replace("{id}", String(id))));
    }
    const sorted = times.toSorted((a, b) => a - b);
    const shown = [times[0], sorted[4], sorted[8]].map((ms) => (ms ?? 0).toFixed(0).padStart(7));
    console.log(`${path.padEnd(24)}${shown.join("  ")}`);
  }
}
