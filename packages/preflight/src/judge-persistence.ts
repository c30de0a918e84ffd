import type { Finding } from "./finding.ts";
import type { Persistence } from "./redis-facts.ts";

/** What a power cut of the Redis machine may cost: `everysec` its last second, `always` nothing acknowledged. */
export type Durability = "everysec" | "always";

export type DurabilityDemand = {
  durability: Durability;
  /**
   * The operator vouches for it where Redis does not show it. Counts for nothing where CONFIG GET is open: what Redis
   * shows is so.
   */
  isConfirmed: boolean;
};

/**
 * Whether writes are kept as demanded. What falls short refuses under `always`, which was asked for by name, and warns
 * under `everysec`, which is what everybody has who asked for nothing: a Redis without a file is fit for a try-out.
 */
export function judgePersistence(persistence: Persistence, demand: DurabilityDemand): Finding[] {
  return persistence.kind === "shown" ? judgeShown(persistence, demand) : [judgeHidden(persistence, demand)];
}

function judgeShown(
  { appendOnly, appendFsync, restsDuringRewrite }: Extract<Persistence, { kind: "shown" }>,
  { durability }: DurabilityDemand,
): Finding[] {
  const findings: Finding[] = [
    appendOnly
      ? { check: "append-only", found: "on", verdict: "ok" }
      : shortfall(
          durability,
          "append-only",
          "off: a restart of Redis loses orders that were acknowledged, and with them what was paid",
          setAndKeep("appendonly", "yes"),
        ),
  ];
  if (!appendOnly) return findings;
  findings.push(judgeFsync(appendFsync, durability));
  if (restsDuringRewrite) {
    findings.push(
      shortfall(
        durability,
        "fsync-during-rewrite",
        "rests: while Redis rewrites its file, nothing is synced to the disk",
        setAndKeep("no-appendfsync-on-rewrite", "no"),
      ),
    );
  }
  return findings;
}

function judgeFsync(appendFsync: string, durability: Durability): Finding {
  const check = "append-fsync";
  if (appendFsync === "always") {
    return { check, found: "always: a power cut costs nothing acknowledged", verdict: "ok" };
  }
  if (appendFsync !== "everysec") {
    const found = `${appendFsync}: a power cut may undo half a minute`;
    return shortfall(durability, check, found, setAndKeep("appendfsync", durability));
  }
  const found = "everysec: a power cut may undo the last second";
  if (durability === "everysec") return { check, found, verdict: "ok" };
  return shortfall(durability, check, found, setAndKeep("appendfsync", "always"));
}

function judgeHidden(
  { appendOnly }: Extract<Persistence, { kind: "hidden" }>,
  { durability, isConfirmed }: DurabilityDemand,
): Finding {
  const check = "append-only";
  const shown = appendOnly === null ? "not shown" : appendOnly ? "on, syncing not shown" : "off";
  const found = `${shown} (CONFIG GET is closed)`;
  if (isConfirmed)
    return { check, found: `${found}; vouched for by REDIS_DURABILITY_CONFIRMED`, verdict: "ok" };
  const promise =
    durability === "always"
      ? "syncs every write before it answers"
      : "loses at most its last second in a power cut";
  const fix = `find out from the service's settings or documentation that it ${promise}, then set REDIS_DURABILITY_CONFIRMED=true`;
  if (durability === "everysec" && appendOnly !== false) return { check, found, verdict: "unknown", fix };
  return shortfall(durability, check, found, fix);
}

function shortfall(durability: Durability, check: string, found: string, fix: string): Finding {
  return durability === "always"
    ? { check, found, verdict: "refuse", fix, lasting: true }
    : { check, found, verdict: "warn", fix };
}

/** Both, for a command alone is forgotten at the next restart. */
export function setAndKeep(name: string, value: string): string {
  return `CONFIG SET ${name} ${value}, and the line "${name} ${value}" in redis.conf`;
}
