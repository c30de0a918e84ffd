import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findRedisServer, startTestRedis, untilTrue } from "@rushes/test-rig";
import { syncedBytes } from "./synced-bytes.ts";

export type AppendFsync = "always" | "everysec";

export type PowerCut = {
  /** What is left on the disk: a data folder to start a Redis on. */
  dir: string;
  /** The size of the append-only file when the power went, and what of it had reached the disk for certain. */
  writtenBytes: number;
  syncedBytes: number;
};

/** A real Redis whose machine can lose its power. See `power-cut.test.ts` for how, and why that is honest. */
export type CuttableRedis = {
  url: string;
  /** More than one would blur what the second way can tell. */
  writers: number;
  /** To be called after each acknowledgement, while nothing else of the same writer is under way. */
  noteAcknowledged(): void;
  /** The power goes: the server ends at once. */
  losePower(): Promise<void>;
  /**
   * Takes from the file of the ended server what a power cut could take. To be called when every acknowledgement that was
   * on its way has been noted.
   * @param torn how much of what was written and not synced is left all the same: 0 = nothing, 1 = everything
   */
  cutFile(torn: number): Promise<PowerCut>;
  stop(): Promise<void>;
};

const AOF = join("appendonlydir", "appendonly.aof.1.incr.aof");
/** Redis' own promise for everysec is a second, its worst case in the documentation two. */
const EVERYSEC_MAY_LOSE_MS = 2_000;

/** Whether the system calls of a process can be watched here: strace is there, and the container allows it. */
export function canTrace(): boolean {
  const trial = spawnSync("strace", ["-D", "-f", "--seccomp-bpf", "-o", "/dev/null", "true"]);
  return trial.status === 0;
}

export async function startCuttableRedis(appendFsync: AppendFsync, traced: boolean): Promise<CuttableRedis> {
  const folder = await mkdtemp(join(tmpdir(), "rushes-power-cut-"));
  const dir = join(folder, "data");
  const trace = join(folder, "trace");
  const program = traced ? await writeTracingProgram(folder, trace) : null;
  const server = await startWith(program, () => startTestRedis({ dir, appendFsync }));
  const aof = join(dir, AOF);
  const noted: { bytes: number; atMs: number }[] = [];

  let pid = 0;
  let lostAtMs = 0;

  function promisedBytes(): number {
    const untilMs = appendFsync === "always" ? Infinity : lostAtMs - EVERYSEC_MAY_LOSE_MS;
    return noted.findLast(({ atMs }) => atMs <= untilMs)?.bytes ?? 0;
  }

  async function tracedBytes(): Promise<number> {
    let calls = "";
    await untilTrue(async () => {
      calls = await readFile(trace, "utf8");
      return new RegExp(`^${pid} +\\+\\+\\+ killed by SIGKILL`, "m").test(calls) || calls.slice(-300);
    });
    return syncedBytes(calls, ".incr.aof");
  }

  return {
    url: server.url,
    writers: traced ? 6 : 1,
    noteAcknowledged() {
      if (!traced) noted.push({ bytes: statSync(aof).size, atMs: performance.now() });
    },
    async losePower() {
      pid = server.pid;
      lostAtMs = performance.now();
      await server.kill("SIGKILL");
    },
    async cutFile(torn) {
      const synced = traced ? await tracedBytes() : promisedBytes();
      const writtenBytes = statSync(aof).size;
      await truncate(aof, synced + Math.floor((writtenBytes - synced) * torn));
      return { dir, writtenBytes, syncedBytes: synced };
    },
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * A program that is a Redis server under strace. With `-D` the process that was started becomes the server itself and
 * the tracer a child of it, so that a kill meets the server, and the tracer ends by itself.
 */
async function writeTracingProgram(folder: string, trace: string): Promise<string> {
  const path = join(folder, "traced-redis-server");
  const options = "-D -f -y -q -s 0 --seccomp-bpf -e trace=write,fdatasync,fsync -e signal=SIGKILL";
  await writeFile(path, `#!/bin/sh\nexec strace ${options} -o '${trace}' '${findRedisServer()}' "$@"\n`, {
    mode: 0o755,
  });
  return path;
}

async function startWith<Started>(program: string | null, start: () => Promise<Started>): Promise<Started> {
  if (program === null) return await start();
  const before = process.env["RUSHES_REDIS_SERVER"];
  process.env["RUSHES_REDIS_SERVER"] = program;
  try {
    return await start();
  } finally {
    if (before === undefined) delete process.env["RUSHES_REDIS_SERVER"];
    else process.env["RUSHES_REDIS_SERVER"] = before;
  }
}
