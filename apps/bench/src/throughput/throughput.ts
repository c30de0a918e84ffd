import { cpus } from "node:os";
import { stdout } from "node:process";
import { Redis } from "ioredis";
import { startTestRedis } from "@rushes/test-rig";
import { parseOptions, type ThroughputOptions } from "./options.ts";
import { commandTable, costTable, rateTable, verdict } from "./result-table.ts";
import { runRound, type RoundPlan, type RoundResult } from "./round.ts";
import { startWorkerFleet, type WorkerFleet } from "./worker-fleet.ts";

/** Far more than either side ever has under way, so that the account's limit is not what is measured. */
const PLACES_MOST = 10_000;

/**
 * Rushes against raw BullMQ on the same Redis: rounds of either side in turn, so that a busy machine slows both alike.
 * Prints one line per round and the tables at the end.
 */
export async function runThroughput(args: string[]): Promise<void> {
  const options = parseOptions(args);
  const server = await startTestRedis();
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  // A rewrite of the append-only file would fall into some round or other and be counted against one side.
  await redis.config("SET", "auto-aof-rewrite-percentage", "0");
  const fleets = await startFleets(server.url, options);
  try {
    console.log(
      `${cpus().length} cores, ${options.processes} process(es) a side, Redis with appendfsync everysec`,
    );
    const results: RoundResult[] = [];
    for (const plan of plansOf(options)) {
      const result = await runRound(redis, fleets[plan.side], plan, progressLine);
      if (plan.isMeasured) results.push(result);
      progressLine("");
      console.log(`${plan.isMeasured ? "measured" : "warm-up "}  ${describe(result)}`);
    }
    const tables = [rateTable(results), costTable(results)];
    if (options.showsCommands) tables.push(commandTable(results));
    console.log([...tables, verdict(results)].join("\n\n"));
  } finally {
    await Promise.all([fleets.raw.stop(), fleets.rushes.stop()]);
    redis.disconnect();
    await server.stop();
  }
}

async function startFleets(
  redisUrl: string,
  options: ThroughputOptions,
): Promise<Record<RoundPlan["side"], WorkerFleet>> {
  const { processes, profileDir } = options;
  const alike = { redisUrl, processes, profileDir, placesMost: PLACES_MOST };
  return {
    raw: await startWorkerFleet({
      ...alike,
      side: "raw",
      concurrency: options.rawConcurrency,
      gathersWrites: options.rawGathers,
    }),
    rushes: await startWorkerFleet({
      ...alike,
      side: "rushes",
      concurrency: options.rushesConcurrency,
      gathersWrites: true,
    }),
  };
}

function plansOf({ videos, waiting, rounds }: ThroughputOptions): (RoundPlan & { isMeasured: boolean })[] {
  const small = { waiting: videos, measured: videos };
  const large = { waiting, measured: videos };
  const plans = Array.from({ length: rounds + 1 }, (_, round) => {
    const isMeasured = round > 0;
    const pair = [
      { side: "raw" as const, ...small, isMeasured },
      { side: "rushes" as const, ...small, isMeasured },
    ];
    if (isMeasured && waiting > 0) pair.push({ side: "rushes", ...large, isMeasured });
    // The one that goes first finds the machine as the other left it; they take turns at that.
    return round % 2 === 0 ? pair : pair.toReversed();
  });
  return plans.flat();
}

function describe({ side, waiting, videosPerSecond, underWay, perVideo }: RoundResult): string {
  return [
    side.padEnd(6),
    `${String(waiting).padStart(7)} waiting`,
    `${videosPerSecond.toFixed(0).padStart(6)} videos/s`,
    `${perVideo.nodeCpuMs.toFixed(3)} ms node`,
    `${perVideo.redisCpuMs.toFixed(3)} ms redis`,
    `${underWay} under way at the end`,
  ].join("  ");
}

/** One line that is written over; only where somebody watches. */
function progressLine(line: string): void {
  if (stdout.isTTY) stdout.write(`\r\u001B[K${line}`);
}
