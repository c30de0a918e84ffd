import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { KEY_PREFIX, MOST_SAMPLES } from "@rushes/ledger";
import { noChromium, openChromium, startTestRedis } from "@rushes/test-rig";
import { median } from "../quantile.ts";
import { createBenchLedger } from "../throughput/bench-ledger.ts";
import { fillRushes } from "../throughput/fill-queues.ts";
import { differenceOf, readRedisMeter } from "../throughput/redis-meter.ts";
import { startWorkerFleet } from "../throughput/worker-fleet.ts";
import { startBoardProcess, type BoardProcess } from "./board-process.ts";

const ACCOUNT = { name: "default", concurrency: 500 };
/** How often a page that is open asks for what has changed. */
const LIVE_EVERY_MS = 3_000;
const IDLE_MS = 10_000;
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
 * videos there, asked for over HTTP and opened in a browser. System and board are measured one after the other on the same Redis, so that neither hides in the other's noise.
 */
export async function runOverview(args: string[]): Promise<void> {
  const options = parseOptions(args);
  const server = await startTestRedis();
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  try {
    const idle = await measureIdle(redis);
    const system = await measureSystem(redis, server.url, options);
    const board = await measureBoard(redis, server.url, options);
    console.log(`
| per second | commands in Redis | Redis CPU ms |
|---|---:|---:|
| nothing | ${idle.commands.toFixed(1)} | ${idle.cpuMs.toFixed(1)} |
| a system at ${system.videosPerSecond.toFixed(0)} videos/s | ${system.commands.toFixed(0)} | ${system.cpuMs.toFixed(1)} |
| the overview, ${options.watchers} watching | ${board.commands.toFixed(1)} | ${board.cpuMs.toFixed(1)} |
| share, beyond nothing | ${shareOf(board, system, idle, "commands")} | ${shareOf(board, system, idle, "cpuMs")} |`);
  } finally {
    redis.disconnect();
    await server.stop();
  }
}

/** Of a second. */
type Use = { commands: number; cpuMs: number };

function shareOf(board: Use, system: Use, idle: Use, what: keyof Use): string {
  return `${((100 * (board[what] - idle[what])) / (system[what] - idle[what])).toFixed(2)} %`;
}

/** What a Redis spends that has nothing to do. */
async function measureIdle(redis: Redis): Promise<Use> {
  const before = await readRedisMeter(redis);
  await sleep(IDLE_MS);
  const use = differenceOf(before, await readRedisMeter(redis));
  return { commands: (use.commands * 1_000) / IDLE_MS, cpuMs: (use.cpuMs * 1_000) / IDLE_MS };
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

/** Orders at an even pace, and real stages that take them to their end. */
async function measureSystem(
  redis: Redis,
  redisUrl: string,
  options: Options,
): Promise<Use & { videosPerSecond: number }> {
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
  return {
    commands: use.commands / seconds,
    cpuMs: use.cpuMs / seconds,
    // On a busy machine less than was asked for.
    videosPerSecond: ordered / seconds,
  };
}

/** Among the videos of the system's run, and as many waiting ones as asked for. */
async function measureBoard(redis: Redis, redisUrl: string, options: Options): Promise<Use> {
  await fillRushes(redis, options.videos, () => {});
  await fillHistory(redis);
  const board = await startBoardProcess(redisUrl);
  await timePages(redis, board);
  await timeInBrowser(board);
  const before = await readRedisMeter(redis);
  await watch(board, options);
  const use = differenceOf(before, await readRedisMeter(redis));
  await board.stop();
  return { commands: use.commands / options.seconds, cpuMs: use.cpuMs / options.seconds };
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
  console.log("| page | first | median | slowest, ms |\n|---|---:|---:|---:|");
  for (const path of PAGES) {
    const times: number[] = [];
    for (let turn = 0; turn < 9; turn += 1) {
      if (path.startsWith("/overview")) await sleep(LIVE_EVERY_MS + 100);
      times.push(await board.get(path.replace("{id}", String(id))));
    }
    console.log(`| \`${path}\` | ${timesText(times)} |`);
  }
}

/**
 * The overview in a browser that has nothing of it yet, from the address to its figures and to its charts; beside it the
 * login, which reads nothing, for a browser on a busy machine is slow by itself.
 */
async function timeInBrowser(board: BoardProcess): Promise<void> {
  if (noChromium !== null) return console.log(`not opened in a browser: ${noChromium}`);
  const browser = await openChromium();
  const [name = "", value = ""] = board.cookie.split("=");
  const times = { login: [] as number[], figures: [] as number[], charts: [] as number[] };
  for (let turn = 0; turn < 9; turn += 1) {
    await sleep(LIVE_EVERY_MS + 100);
    const context = await browser.newContext({ viewport: { width: 1240, height: 800 } });
    const page = await context.newPage();
    let startedMs = performance.now();
    const since = (): number => performance.now() - startedMs;
    await page.goto(`${board.url}/login`, { waitUntil: "commit" });
    await page.locator("form").waitFor();
    times.login.push(since());
    await context.addCookies([{ name, value, url: board.url }]);
    startedMs = performance.now();
    await page.goto(`${board.url}/overview`, { waitUntil: "commit" });
    await page.locator(".phase b").first().waitFor();
    times.figures.push(since());
    await page.locator(".uplot canvas").first().waitFor();
    times.charts.push(since());
    await context.close();
  }
  await browser.close();
  console.log(`| \`/login\` in Chromium | ${timesText(times.login)} |
| \`/overview\` in Chromium, its figures | ${timesText(times.figures)} |
| \`/overview\` in Chromium, its charts | ${timesText(times.charts)} |`);
}

function timesText(times: readonly number[]): string {
  return [times[0] ?? 0, median(times), Math.max(...times)].map((ms) => ms.toFixed(0)).join(" | ");
}
