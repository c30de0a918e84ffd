import type { Redis } from "ioredis";

/** What Redis itself counted, summed since its start; two of these are subtracted. */
export type RedisReading = {
  /** Every command, those inside scripts included; `calls` and microseconds by name. A script's time holds its inner ones. */
  commands: ReadonlyMap<string, { calls: number; micros: number }>;
  /** Of all threads but children, milliseconds. */
  cpuMs: number;
  bytesIn: number;
  bytesOut: number;
};

export async function readRedisMeter(redis: Redis): Promise<RedisReading> {
  const [stats, cpu, net] = await Promise.all([
    redis.info("commandstats"),
    redis.info("cpu"),
    redis.info("stats"),
  ]);
  const commands = new Map<string, { calls: number; micros: number }>();
  for (const [, name, calls, micros] of stats.matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm)) {
    commands.set(String(name), { calls: Number(calls), micros: Number(micros) });
  }
  const number = (text: string, field: string): number =>
    Number(new RegExp(`^${field}:([\\d.]+)`, "m").exec(text)?.[1] ?? 0);
  return {
    commands,
    cpuMs: 1000 * (number(cpu, "used_cpu_sys") + number(cpu, "used_cpu_user")),
    bytesIn: number(net, "total_net_input_bytes"),
    bytesOut: number(net, "total_net_output_bytes"),
  };
}

export type RedisUse = {
  scripts: number;
  commands: number;
  cpuMs: number;
  bytesIn: number;
  bytesOut: number;
  /** Costliest first. */
  byCommand: readonly { name: string; calls: number; micros: number }[];
};

export function differenceOf(before: RedisReading, after: RedisReading): RedisUse {
  const byCommand = [...after.commands]
    .map(([name, { calls, micros }]) => ({
      name,
      calls: calls - (before.commands.get(name)?.calls ?? 0),
      micros: micros - (before.commands.get(name)?.micros ?? 0),
    }))
    .filter(({ name, calls }) => calls > 0 && name !== "info")
    .toSorted((a, b) => b.micros - a.micros);
  return {
    scripts: byCommand.find(({ name }) => name === "evalsha")?.calls ?? 0,
    commands: byCommand.reduce((sum, { calls }) => sum + calls, 0),
    cpuMs: after.cpuMs - before.cpuMs,
    bytesIn: after.bytesIn - before.bytesIn,
    bytesOut: after.bytesOut - before.bytesOut,
    byCommand,
  };
}
