import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";

/** Every script is one file under `scripts/`: one moment that is atomic. */
const SCRIPTS = [
  "admit-video",
  "claim-submission",
  "learn-answer",
  "expire-submission",
  "record-look",
  "hurry-look",
  "record-archive",
  "postpone-sweep",
  "claim-overdue",
  "cancel-video",
  "release-video",
  "request-adoption",
  "refuse-adoption",
  "adopt-task",
  "claim-watched",
  "write-off",
  "close-account",
  "note-balance",
  "forget-ended",
  "start-delivery",
  "record-delivery",
  "replay-delivery",
  "claim-outbox",
] as const;
export type ScriptName = (typeof SCRIPTS)[number];

/** The text of a script, or of `record`, which is put in front of each. */
export type ReadScript = (name: ScriptName | "record") => string;

export const readScriptFile: ReadScript = (name) =>
  readFileSync(new URL(`../scripts/${name}.lua`, import.meta.url), "utf8");

export type RunScript = (
  name: ScriptName,
  routeKey: string,
  args: readonly (string | number)[],
) => Promise<string[]>;

/**
 * Teaches a connection the scripts. They are sent by hash and, when Redis does not know one (a restart, another
 * node), once in full.
 *
 * @returns runs one script. `routeKey` only tells a cluster which node it is for; every key shares one hash tag.
 */
export function loadScripts(redis: Redis, prefix: string, read: ReadScript): RunScript {
  const prelude = read("record");
  for (const name of SCRIPTS) {
    redis.defineCommand(commandOf(name), { numberOfKeys: 1, lua: `${prelude}\n${read(name)}` });
  }
  const commands = redis as unknown as Record<string, (...args: (string | number)[]) => Promise<string[]>>;
  return async (name, routeKey, args) => {
    const command = commands[commandOf(name)];
    if (!command) throw new Error(`no such script: ${name}`);
    return await command.call(redis, routeKey, prefix, ...args);
  };
}

function commandOf(name: ScriptName): string {
  return `rushes:${name}`;
}

/** A script's reply: a flat list of names and values, as an object. */
export function fieldsOf(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1]);
  return fields;
}
