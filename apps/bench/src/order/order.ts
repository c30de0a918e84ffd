import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { startTestRedis } from "@rushes/test-rig";
import { median, quantile } from "../quantile.ts";
import { readRedisMeter } from "../throughput/redis-meter.ts";
import { runLoad, type Load } from "./load.ts";
import { startServer, type ServerProcess } from "./server-process.ts";

const CONNECTIONS = 50;
const BATCH = 1_000;
/** Batches of a round, one after the other. */
const BATCHES = 10;

/** A prompt of usual length; the number makes each order another one. */
function orderOf(index: number) {
  return {
    input: {
      mode: "master-text-to-video",
      duration: 5,
      prompt: `Take ${index}: a red fox runs through fresh snow at dawn, low camera close behind it, breath visible in the cold air.`,
      aspect_ratio: "16:9",
    },
    metadata: { campaign: "bench", take: index },
  };
}

const single = (index: number): string => JSON.stringify(orderOf(index));
const batch = (index: number): string =>
  JSON.stringify({ videos: Array.from({ length: BATCH }, (_, item) => orderOf(index * BATCH + item)) });

type Measure = {
  title: string;
  perSecond: number[];
  p99Ms: number[];
  /** CPU of an order, which a busy machine changes least: of the server's process, and of Redis. */
  nodeMs: number[];
  redisMs: number[];
};

/**
 * Orders over HTTP: Rushes and the bare route in turn, on one Redis; then single calls and batches of one caller. Every
 * process is there from the beginning, and warm.
 */
export async function runOrder(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      orders: { type: "string", default: "10000" },
      rounds: { type: "string", default: "5" },
      profile: { type: "string" },
    },
  });
  const [orders, rounds] = [Number(values.orders), Number(values.rounds)];
  const server = await startTestRedis();
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  // A rewrite of the append-only file would fall into some round or other and be counted against one side.
  await redis.config("SET", "auto-aof-rewrite-percentage", "0");
  const bare = await startServer("bare", server.url, null);
  const rushes = await startServer("rushes", server.url, values.profile ?? null);

  const measures: Record<string, Measure> = {};
  async function measure(
    title: string,
    isMeasured: boolean,
    to: ServerProcess,
    run: () => Promise<Load>,
    each = 1,
  ): Promise<void> {
    await redis.flushall();
    const before = { node: to.cpuMs(), redis: (await readRedisMeter(redis)).cpuMs };
    const { perSecond, latenciesMs } = await run();
    const after = { node: to.cpuMs(), redis: (await readRedisMeter(redis)).cpuMs };
    if (!isMeasured) return;
    const row = (measures[title] ??= { title, perSecond: [], p99Ms: [], nodeMs: [], redisMs: [] });
    const ordered = latenciesMs.length * each;
    row.perSecond.push(perSecond * each);
    row.p99Ms.push(quantile(latenciesMs, 0.99));
    row.nodeMs.push((after.node - before.node) / ordered);
    row.redisMs.push((after.redis - before.redis) / ordered);
  }
  const many = (to: ServerProcess) => () =>
    runLoad(to.url, "/v1/videos", { connections: CONNECTIONS, requests: orders }, single);
  const alone = () => runLoad(rushes.url, "/v1/videos", { connections: 1, requests: orders / 10 }, single);
  const batches = () => runLoad(rushes.url, "/v1/videos/batch", { connections: 1, requests: BATCHES }, batch);

  try {
    console.log(
      `${cpus().length} cores, one process a side, Redis with appendfsync everysec, medians of ${rounds} rounds`,
    );
    for (let round = 0; round <= rounds; round += 1) {
      const isMeasured = round > 0;
      const pair = [
        () => measure(BARE, isMeasured, bare, many(bare)),
        () => measure(MANY, isMeasured, rushes, many(rushes)),
      ];
      // The one that goes first finds the machine as the other left it; they take turns at that.
      for (const run of round % 2 === 0 ? pair : pair.toReversed()) await run();
      await measure(ALONE, isMeasured, rushes, alone);
      await measure(BATCHED, isMeasured, rushes, batches, BATCH);
    }
    console.log([table(Object.values(measures)), verdict(measures)].join("\n\n"));
  } finally {
    await Promise.all([bare.stop(), rushes.stop()]);
    redis.disconnect();
    await server.stop();
  }
}

const BARE = `bare route, ${CONNECTIONS} connections`;
const MANY = `Rushes, ${CONNECTIONS} connections`;
const ALONE = "Rushes, single calls on one connection";
const BATCHED = `Rushes, batches of ${BATCH} on one connection`;

function table(measures: readonly Measure[]): string {
  const rows = measures.map(({ title, perSecond, p99Ms, nodeMs, redisMs }) => [
    title,
    median(perSecond).toFixed(0),
    Math.min(...perSecond).toFixed(0),
    Math.max(...perSecond).toFixed(0),
    median(p99Ms).toFixed(1),
    median(nodeMs).toFixed(3),
    median(redisMs).toFixed(3),
  ]);
  return [
    ["", "orders per second", "lowest", "highest", "p99 of a request, ms", "node CPU ms", "Redis CPU ms"],
    ["---", "---:", "---:", "---:", "---:", "---:", "---:"],
    ...rows,
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** The demands, and whether this run met them. */
function verdict(measures: Record<string, Measure>): string {
  const rate = (title: string): number => median(measures[title]?.perSecond ?? []);
  const slowest = (title: string): number => median(measures[title]?.p99Ms ?? []);
  const share = rate(MANY) / rate(BARE);
  const patience = slowest(MANY) / slowest(BARE);
  const gain = rate(BATCHED) / rate(ALONE);
  const line = (text: string, isMet: boolean): string => `${text}: ${isMet ? "met" : "missed"}`;
  return [
    line(`${share.toFixed(2)} of the bare route; wanted at least 0.6`, share >= 0.6),
    line(`p99 ${patience.toFixed(2)} times the bare route's; wanted under 3`, patience < 3),
    line(
      `a batch is ${gain.toFixed(1)} times faster per order than single calls; wanted at least 10`,
      gain >= 10,
    ),
    `against ${CONNECTIONS} connections a batch is ${(rate(BATCHED) / rate(MANY)).toFixed(1)} times faster per order`,
  ].join("\n");
}
