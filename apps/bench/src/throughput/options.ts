import { parseArgs } from "node:util";

export type ThroughputOptions = {
  /** Worker processes of each side. */
  processes: number;
  /** Orders per small round, and measured ones of a round with many waiting. */
  videos: number;
  /** Measured pairs of rounds, after one pair that only warms the processes up. */
  rounds: number;
  /** In line in the rounds with many waiting; 0 leaves them out. */
  waiting: number;
  rawConcurrency: number;
  rushesConcurrency: number;
  /** Give the control Rushes' own connections, too. */
  rawGathers: boolean;
  /** Print Redis' own count by command, too. */
  showsCommands: boolean;
  /** A folder for CPU profiles of the worker processes; null = none. */
  profileDir: string | null;
};

/**
 * Jobs at a time per stage. From 30 to 100 the control is equally fast; with 100, on a machine that others use too, jobs
 * wait so long in their own process that locks of 5 s run out.
 */
const CONCURRENCY = 30;

/** @throws TypeError for an unknown option, RangeError for a value that is no count */
export function parseOptions(args: string[]): ThroughputOptions {
  const { values } = parseArgs({
    args,
    options: {
      processes: { type: "string", default: "1" },
      videos: { type: "string", default: "10000" },
      rounds: { type: "string", default: "5" },
      waiting: { type: "string", default: "100000" },
      "raw-concurrency": { type: "string", default: `${CONCURRENCY}` },
      "rushes-concurrency": { type: "string", default: `${CONCURRENCY}` },
      "raw-gathers": { type: "boolean", default: false },
      commands: { type: "boolean", default: false },
      profile: { type: "string" },
    },
  });
  const count = (name: Exclude<keyof typeof values, "profile" | "commands" | "raw-gathers">): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 0) throw new RangeError(`--${name} must be a whole number`);
    return value;
  };
  return {
    processes: count("processes"),
    videos: count("videos"),
    rounds: count("rounds"),
    waiting: count("waiting"),
    rawConcurrency: count("raw-concurrency"),
    rushesConcurrency: count("rushes-concurrency"),
    rawGathers: values["raw-gathers"],
    showsCommands: values.commands,
    profileDir: values.profile ?? null,
  };
}
