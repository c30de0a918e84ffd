import { hostname } from "node:os";
import { pino, stdTimeFunctions, type Logger } from "pino";
import { describeError } from "./describe-error.ts";
import { scrubEntry } from "./scrub-entry.ts";
import { spellings } from "./scrub-text.ts";

export type { Logger };

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LoggerOptions = {
  /** The process: `api`, `worker`. */
  name: string;
  level: LogLevel;
  /** Standard output unless given; written to synchronously, so that nothing is lost at an exit. */
  destination?: { write(line: string): void };
  /** Secrets known to this process, asked for at every entry. They are masked wherever they turn up. */
  secrets?: () => readonly string[];
};

/** A line longer than this is not read again to be scrubbed but replaced by a note of its size. */
const MAX_LINE_CHARACTERS = 1_000_000;

/**
 * A logger that writes one line of JSON per entry: `level` in words, `time` in ISO 8601, `pid`, `hostname`, `name`,
 * `msg` and the fields of the entry.
 *
 * Every finished line passes one gate on its way out, whatever it was made of: fields, child bindings, messages,
 * format arguments, serializers. The gate reads the line, masks what stands under a credential's name, scrubs
 * every text and bounds the size. pino's own `redact` takes paths, and paths miss what is nested one level deeper,
 * spelled differently, or part of a text.
 *
 * Its limits: it cannot know a secret that has no telling name or form and is not in `secrets`; it costs about as
 * much again as making the line; and a huge value is turned into JSON before it is refused, so log chosen fields
 * and never whole requests, responses or buffers.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { name, level, destination, secrets = () => [] } = options;
  const settings = {
    level,
    base: { name, pid: process.pid, hostname: hostname() },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: describeErrors },
    serializers: { err: describeError },
    hooks: { streamWrite: (line: string) => scrubLine(line, secrets) },
  };
  return destination === undefined ? pino(settings) : pino(settings, destination);
}

/** Errors under any name are described; JSON alone would print their odd fields and not their message. */
function describeErrors(fields: Record<string, unknown>): Record<string, unknown> {
  if (!Object.values(fields).some((value) => value instanceof Error)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? describeError(value) : value,
    ]),
  );
}

function scrubLine(line: string, secrets: () => readonly string[]): string {
  if (line.length > MAX_LINE_CHARACTERS) return note(`a log entry of ${line.length} characters was left out`);
  try {
    return `${JSON.stringify(scrubEntry(JSON.parse(line), spellings(secrets())))}\n`;
  } catch {
    // What cannot be read cannot be scrubbed, and then must not be printed.
    return note("a log entry that could not be read was left out");
  }
}

function note(msg: string): string {
  return `${JSON.stringify({ level: "error", time: new Date().toISOString(), msg })}\n`;
}
