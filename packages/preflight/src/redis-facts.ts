/** What a Redis says of itself; null where it does not say. */
export type RedisFacts = {
  /** For people: `redis 7.0.15`, `valkey 8.1.1`. */
  server: string;
  /** The Redis version it is compatible with, as numbers. */
  version: readonly number[] | null;
  isReplica: boolean | null;
  persistence: Persistence;
  /** The last write to the append-only file failed, as on a full disk. Redis refuses writes then. */
  appendFails: boolean;
  /** `maxmemory-policy`. */
  eviction: string | null;
  /** `maxBytes` 0 = no limit. */
  memory: { usedBytes: number; maxBytes: number } | null;
  clock: ClockReading;
};

/**
 * Where CONFIG GET is closed, as with many managed services, INFO still says whether there is an append-only file, but
 * not when it is synced, and not by which other means the service keeps writes.
 */
export type Persistence =
  | { kind: "shown"; appendOnly: boolean; appendFsync: string; restsDuringRewrite: boolean }
  | { kind: "hidden"; appendOnly: boolean | null };

export type ClockReading = {
  /** How far this machine's clock is ahead of Redis' one; negative = behind. */
  aheadMs: number;
  /** The truth lies within so much on either side: half the round trip. */
  uncertainMs: number;
};

/** `INFO` as fields. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

/**
 * The facts behind an `INFO` and, where it was allowed, the settings of `CONFIG GET *append*`.
 * @param settings null where CONFIG is closed
 */
export function readFacts(
  info: ReadonlyMap<string, string>,
  settings: ReadonlyMap<string, string> | null,
  clock: ClockReading,
): RedisFacts {
  const version = info.get("redis_version");
  const name = info.get("server_name") ?? "redis";
  const role = info.get("role");
  const enabled = info.get("aof_enabled");
  const usedBytes = info.get("used_memory");
  const maxBytes = info.get("maxmemory");
  return {
    server: `${name} ${info.get(`${name}_version`) ?? version ?? "of an unknown version"}`,
    version: version === undefined ? null : version.split(".").map(Number),
    isReplica: role === undefined ? null : role === "slave",
    persistence: readPersistence(enabled, settings),
    appendFails: info.get("aof_last_write_status") === "err",
    eviction: info.get("maxmemory_policy") ?? null,
    memory:
      usedBytes === undefined || maxBytes === undefined
        ? null
        : { usedBytes: Number(usedBytes), maxBytes: Number(maxBytes) },
    clock,
  };
}

function readPersistence(
  enabled: string | undefined,
  settings: ReadonlyMap<string, string> | null,
): Persistence {
  const appendOnly = settings?.get("appendonly");
  const appendFsync = settings?.get("appendfsync");
  if (appendOnly === undefined || appendFsync === undefined) {
    return { kind: "hidden", appendOnly: enabled === undefined ? null : enabled === "1" };
  }
  return {
    kind: "shown",
    appendOnly: appendOnly === "yes",
    appendFsync,
    restsDuringRewrite: settings?.get("no-appendfsync-on-rewrite") === "yes",
  };
}

/** The reading with the shortest round trip tells most. */
export function sharpest(readings: readonly [ClockReading, ...ClockReading[]]): ClockReading {
  return readings.reduce((best, next) => (next.uncertainMs < best.uncertainMs ? next : best));
}
