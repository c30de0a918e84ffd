import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import { gatherRequests } from "./gather-requests.ts";

/** Every script is one file under `scripts/`: one moment that is atomic. */
const SCRIPTS = [
  "admit-video",
  "admit-batch",
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
  "request-rearchive",
  "record-rearchive",
  "claim-watched",
  "write-off",
  "close-account",
  "fold-limits",
  "note-look-refused",
  "pin-limits",
  "switch-submit",
  "note-balance",
  "forget-ended",
  "start-delivery",
  "record-delivery",
  "replay-delivery",
  "claim-outbox",
] as const;
export type ScriptName = (typeof SCRIPTS)[number];

/** The text of a script, of `record`, which is put in front of each, or of `run-requests`, which is put behind it. */
export type ReadScript = (name: ScriptName | "record" | "run-requests") => string;

export const readScriptFile: ReadScript = (name) =>
  readFileSync(new URL(`../scripts/${name}.lua`, import.meta.url), "utf8");

export type RunScript = (
  name: ScriptName,
  routeKey: string,
  args: readonly (string | number)[],
) => Promise<string[]>;

/**
 * Teaches a connection the scripts. They are sent by hash and, when Redis does not know one (a restart, another
 * node), once in full. Requests for one script that are made in the same turn of the event loop go to Redis in one
 * call, which serves them in their order, each as if it had come alone.
 *
 * @returns runs one script. `routeKey` only tells a cluster which node it is for; every key shares one hash tag.
 */
export function loadScripts(redis: Redis, prefix: string, read: ReadScript): RunScript {
  const prelude = read("record");
  for (const name of SCRIPTS) {
    redis.defineCommand(commandOf(name), {
      numberOfKeys: 1,
      lua: [prelude, "local function once(ARGV)", read(name), "end", read("run-requests")].join("\n"),
    });
  }
  const commands = redis as unknown as Record<string, (...args: (string | number)[]) => Promise<Answer[]>>;
  const gathered = new Map(
    SCRIPTS.map((name) => [
      name,
      gatherRequests<ScriptRequest, string[]>(
        async (requests) => {
          const args: (string | number)[] = [];
          for (const request of requests) args.push(request.args.length, ...request.args);
          const answers = await commands[commandOf(name)]?.call(redis, requests[0].routeKey, prefix, ...args);
          return requests.map((_, index) => {
            const [word, answer] = answers?.[index] ?? [];
            if (typeof answer === "object") return { status: "fulfilled", value: answer };
            return { status: "rejected", reason: new Error(answer ?? `${name} answered ${word}`) };
          });
        },
        name === "admit-batch" ? 1 : REQUESTS_AT_ONCE,
      ),
    ]),
  );
  return async (name, routeKey, args) => {
    const ask = gathered.get(name);
    if (!ask) throw new Error(`no such script: ${name}`);
    return await ask({ routeKey, args });
  };
}

type ScriptRequest = { routeKey: string; args: readonly (string | number)[] };

/** What `run-requests.lua` says of one request. */
type Answer = readonly ["done", string[]] | readonly ["failed", string];

/**
 * Redis does nothing else while a script runs: so many requests take it about two milliseconds. A batch is long by itself,
 * so others must get a turn between two of them.
 */
const REQUESTS_AT_ONCE = 40;

function commandOf(name: ScriptName): string {
  return `rushes:${name}`;
}

/** A script's reply of rows: a flat list of values, so many a row. */
export function rowsOf(flat: readonly string[], width: number): string[][] {
  return Array.from({ length: Math.floor(flat.length / width) }, (_, row) =>
    flat.slice(row * width, (row + 1) * width).map(String),
  );
}

/** A script's reply: a flat list of names and values, as an object. */
export function fieldsOf(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1]);
  return fields;
}
