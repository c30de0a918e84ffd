import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { KEY_PREFIX } from "@rushes/ledger";
import { openWakeQueues } from "@rushes/queue";
import { median } from "../quantile.ts";
import { createBenchLedger } from "../throughput/bench-ledger.ts";
import { fillRushes } from "../throughput/fill-queues.ts";
import { differenceOf, readRedisMeter } from "../throughput/redis-meter.ts";
import { startLoadedWorker, type LoadedWorker } from "./loaded-worker.ts";

/** As often as gauges are read from Redis at most, and a little more: each of these scrapes costs what a real one does. */
const OFTEN_MS = 1_050;
/** Prometheus' usual interval. */
const USUAL_MS = 15_000;
const WARM_UP_MS = 6_000;

/**
 * What a scrape of `/metrics` costs a worker: windows with and without scraping in turn while it works as fast as it can,
 * scraped fifteen times as often as usual so that it can be seen at all; then the processor time and the commands of one
 * scrape, told apart from the rest because nothing else is to do.
 */
export async function runScrape(args: string[]): Promise<void> {
  const { pairs, seconds, videos } = parseOptions(args);
  const worker = await startLoadedWorker();
  const redis = new Redis(worker.redisUrl, { maxRetriesPerRequest: null });
  try {
    await fillRushes(redis, videos, () => {});
    await sleep(WARM_UP_MS);
    const [plain, scraped]: [Window[], Window[]] = [[], []];
    for (let pair = 0; pair < pairs; pair += 1) {
      // The one that goes first finds the machine as the other left it; they take turns at that.
      for (const isScraped of pair % 2 === 0 ? [false, true] : [true, false]) {
        const window = await measureWindow(worker, seconds, isScraped);
        (isScraped ? scraped : plain).push(window);
        console.log(
          `${isScraped ? "scraped each second" : "not scraped        "}  ${window.videosPerSecond.toFixed(0).padStart(4)} videos/s  ${window.cpuMsPerVideo.toFixed(2)} ms of the worker's processor each`,
        );
      }
    }
    if (worker.accepted() >= videos) throw new Error("all were submitted before the end: more --videos");
    console.log(report({ plain, scraped, cost: await costOfOne(worker, redis, seconds) }));
  } finally {
    redis.disconnect();
    await worker.stop();
  }
}

function parseOptions(args: string[]): { pairs: number; seconds: number; videos: number } {
  const { values } = parseArgs({
    args,
    options: {
      pairs: { type: "string", default: "5" },
      seconds: { type: "string", default: "6" },
      videos: { type: "string", default: "30000" },
    },
  });
  const [pairs, seconds, videos] = [values.pairs, values.seconds, values.videos].map(Number);
  if (!(pairs && seconds && videos)) throw new RangeError("options must be numbers above 0");
  return { pairs, seconds, videos };
}

type Window = { videosPerSecond: number; cpuMsPerVideo: number };

async function measureWindow(worker: LoadedWorker, seconds: number, isScraped: boolean): Promise<Window> {
  // Both kinds of window are scraped once at either end, to learn the processor time.
  const { cpuMs } = await worker.scrape();
  const [accepted, startedMs] = [worker.accepted(), performance.now()];
  if (isScraped) await scrapeOften(worker, seconds);
  else await sleep(seconds * 1_000);
  const [videos, tookMs] = [worker.accepted() - accepted, performance.now() - startedMs];
  const after = await worker.scrape();
  return {
    videosPerSecond: (videos * 1_000) / tookMs,
    cpuMsPerVideo: (after.cpuMs - cpuMs) / videos,
  };
}

/** @returns how long each took, milliseconds */
async function scrapeOften(worker: LoadedWorker, seconds: number): Promise<number[]> {
  const times: number[] = [];
  for (
    const untilMs = performance.now() + seconds * 1_000;
    performance.now() < untilMs;
    await sleep(OFTEN_MS)
  )
    times.push((await worker.scrape()).tookMs);
  return times;
}

type Cost = {
  scrapes: number;
  tookMs: number;
  cpuMs: number;
  commands: number;
  bytes: number;
};

/** The same time twice, without and with scrapes; the difference is theirs. */
async function costOfOne(worker: LoadedWorker, redis: Redis, seconds: number): Promise<Cost> {
  // What is under way comes to its end, the others stay in line.
  const queues = openWakeQueues(redis, KEY_PREFIX);
  await queues.pauseSubmit();
  const ledger = createBenchLedger(redis);
  for (let underWay = 1; underWay > 0; await sleep(1_000)) {
    const { submitting, generating } = (await ledger.readTotals()).phases;
    underWay = submitting + generating;
  }
  await queues.close();
  const span = 4 * seconds;
  const spend = async (pass: () => Promise<unknown>) => {
    const [before, { cpuMs }] = [await readRedisMeter(redis), await worker.scrape()];
    const result = await pass();
    const after = await worker.scrape();
    return {
      result,
      cpuMs: after.cpuMs - cpuMs,
      bytes: after.bytes,
      redis: differenceOf(before, await readRedisMeter(redis)),
    };
  };
  const idle = await spend(() => sleep(span * 1_000));
  const busy = await spend(() => scrapeOften(worker, span));
  const times = busy.result as number[];
  return {
    scrapes: times.length,
    tookMs: median(times),
    cpuMs: (busy.cpuMs - idle.cpuMs) / times.length,
    commands: (busy.redis.commands - idle.redis.commands) / times.length,
    bytes: busy.bytes,
  };
}

function report({ plain, scraped, cost }: { plain: Window[]; scraped: Window[]; cost: Cost }): string {
  const of = (windows: Window[], what: keyof Window): number => median(windows.map((window) => window[what]));
  const ratio = (what: keyof Window): string => (of(scraped, what) / of(plain, what)).toFixed(3);
  const row = (name: string, windows: Window[]): string =>
    `| ${name} | ${of(windows, "videosPerSecond").toFixed(0)} | ${of(windows, "cpuMsPerVideo").toFixed(2)} |`;
  const share = (100 * cost.cpuMs) / USUAL_MS;
  return `
| worker | videos/s, median | its processor, ms per video |
|---|---:|---:|
${row("not scraped", plain)}
${row("scraped each second", scraped)}
| ratio | ${ratio("videosPerSecond")} | ${ratio("cpuMsPerVideo")} |

| one scrape, of ${cost.scrapes} | |
|---|---:|
| of the worker's processor | ${cost.cpuMs.toFixed(1)} ms |
| commands in Redis | ${cost.commands.toFixed(0)} |
| until the page was there, median | ${cost.tookMs.toFixed(0)} ms |
| the page | ${(cost.bytes / 1_000).toFixed(1)} kB |

Every 15 s that is ${share.toFixed(3)} % of a processor; wanted under 1 % of throughput: ${share < 1 ? "met" : "missed"}`;
}
