import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { untilTrue } from "@rushes/test-rig";
import type { FaultLine } from "../history/history-lines.ts";
import type { ProofSystem } from "../system/proof-system.ts";
import type { PartProcess } from "../system/part-process.ts";
import { pressBoard } from "./board-presses.ts";
import type { FaultKind, PlannedFault } from "./fault-schedule.ts";
import type { Pace } from "./pace.ts";

/** The parts of a system that faults need; the plain control has them too. */
export type Struck = Pick<ProofSystem, "folder" | "redis" | "workers" | "replaceWorker" | "board"> & {
  /** Null where there is none. */
  api: null | { process: () => PartProcess; restart: () => Promise<unknown> };
};

type Strike = Pick<FaultLine, "target" | "lastsMs" | "note"> & {
  /** Mends what was broken, after `lastsMs`. */
  mend?: () => unknown;
};

/**
 * The next blow comes while somebody could go on and hardly anybody is still starting: where a start takes long it comes later,
 * and meets a system at work instead of one that is always being started.
 */
const LEAST_AWAKE = 1;
const MOST_STARTING = 1;
const HOLD_MS = 30_000;

/** At most half of the workers are frozen at once, or nobody is left to take over. */
const FROZEN_SHARE = 0.5;

/**
 * Carries the planned faults out at their times and writes each down. Resolves when the last one is mended: everybody
 * runs, nobody is frozen, Redis is up.
 */
export async function strikeAll(system: Struck, faults: readonly PlannedFault[], pace: Pace): Promise<void> {
  const mending: Promise<unknown>[] = [];
  // One at a time: Redis cannot be killed while it is being started.
  let redisBusy: Promise<unknown> = Promise.resolve();

  for (const fault of faults) {
    await pace.until(fault.atMs);
    await pace.holdUntil(() => canTakeIt(system), HOLD_MS);
    if (fault.kind === "kill-redis" || fault.kind === "freeze-redis") await redisBusy;
    const strike = await STRIKES[fault.kind](system, fault);
    const { mend, ...about } = strike;
    system.folder.append("faults", { at: Date.now(), kind: fault.kind, ...about });
    if (!mend) continue;
    const mended = sleep(about.lastsMs ?? 0).then(mend);
    mending.push(mended);
    if (fault.kind === "kill-redis" || fault.kind === "freeze-redis") redisBusy = mended;
  }
  await Promise.all(mending);
}

const STRIKES: Record<FaultKind, (system: Struck, fault: PlannedFault) => Promise<Strike>> = {
  async "kill-worker"(system, { pick, length }) {
    // One that is still starting holds nothing, and would never come to anything on a busy machine.
    const victim = chosen(
      system.workers().filter((worker) => worker.isReady()),
      pick,
    );
    if (!victim) return { target: "none", note: "nobody is up" };
    await victim.kill();
    return {
      target: victim.name,
      lastsMs: Math.round(length * 800),
      mend: () => system.replaceWorker(victim),
    };
  },

  async "freeze-worker"(system, { pick, length }) {
    const workers = system.workers().filter((worker) => worker.isReady());
    const running = workers.filter((worker) => !worker.isFrozen());
    const victim = running.length > workers.length * FROZEN_SHARE ? chosen(running, pick) : undefined;
    if (!victim) return { target: "none", note: "too many are frozen" };
    victim.freeze();
    const lastsMs = Math.round(6_000 + length * 4_000);
    return { target: victim.name, lastsMs, mend: () => victim.thaw() };
  },

  async "kill-api"({ api }, { length }) {
    if (!api) return { target: "none" };
    const victim = api.process();
    if (!victim.isReady()) return { target: "none", note: "the api is down already" };
    await victim.kill();
    return { target: victim.name, lastsMs: Math.round(length * 500), mend: api.restart };
  },

  async "freeze-api"({ api }, { length }) {
    if (!api) return { target: "none" };
    const victim = api.process();
    if (!victim.isReady() || victim.isFrozen()) return { target: "none", note: "the api is down already" };
    victim.freeze();
    return { target: victim.name, lastsMs: Math.round(500 + length * 2_500), mend: () => victim.thaw() };
  },

  async "kill-redis"({ redis }, { length }) {
    await redis.kill();
    return { target: "redis", lastsMs: Math.round(length * 1_500), mend: () => untilUp(redis) };
  },

  async "freeze-redis"({ redis }, { length }) {
    const { pid } = redis;
    process.kill(pid, "SIGSTOP");
    return {
      target: "redis",
      lastsMs: Math.round(300 + length * 1_700),
      mend: () => process.kill(pid, "SIGCONT"),
    };
  },

  "cut-all-clients": ({ redis }) =>
    withRedis(redis.url, async (connection) => {
      const note = await connection.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await connection.call("CLIENT", "KILL", "TYPE", "pubsub");
      return { target: "redis", note: `${String(note)} connections` };
    }),

  "cut-one-client": ({ redis }, { pick }) =>
    withRedis(redis.url, async (connection) => {
      const own = String(await connection.client("ID"));
      const list = String(await connection.client("LIST")).matchAll(/^id=(\d+) /gm);
      const ids = [...list].map(([, id]) => id ?? "").filter((id) => id !== own);
      const id = ids[Math.floor(pick * ids.length)];
      if (id !== undefined) await connection.call("CLIENT", "KILL", "ID", id);
      return { target: `connection ${id ?? "none"}` };
    }),

  "pause-clients": ({ redis }, { pick, length }) =>
    withRedis(redis.url, async (connection) => {
      const lastsMs = Math.round(200 + length * 1_300);
      await connection.call("CLIENT", "PAUSE", lastsMs, pick < 0.5 ? "ALL" : "WRITE");
      return { target: "redis", lastsMs };
    }),

  async "press-board"({ board }, { pick }) {
    return board ? await pressBoard(board, pick) : { target: "none" };
  },
};

function canTakeIt(system: Struck): boolean {
  const api = system.api?.process();
  if (api && !api.isReady()) return false;
  const ready = system.workers().filter((worker) => worker.isReady());
  const awake = ready.filter((worker) => !worker.isFrozen());
  return awake.length >= LEAST_AWAKE && system.workers().length - ready.length <= MOST_STARTING;
}

function chosen(workers: readonly PartProcess[], pick: number): PartProcess | undefined {
  return workers[Math.floor(pick * workers.length)];
}

/** Redis is down or frozen now and then; then there is nobody to do this to. */
async function withRedis(url: string, act: (connection: Redis) => Promise<Strike>): Promise<Strike> {
  const connection = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: 1_000,
    commandTimeout: 1_500,
  });
  connection.on("error", () => {});
  try {
    await connection.connect();
    return await act(connection);
  } catch {
    return { target: "redis", note: "is away" };
  } finally {
    connection.disconnect();
  }
}

async function untilUp(redis: Struck["redis"]): Promise<void> {
  // Somebody's outgoing connection may hold the port for a moment.
  await untilTrue(
    async () => {
      await redis.restart();
      return true;
    },
    { timeoutMs: 60_000, everyMs: 100 },
  );
}
