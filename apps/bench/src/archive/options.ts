import { parseArgs } from "node:util";

export const PARTS = ["copying", "memory", "cuts"] as const;
export type ArchivePart = (typeof PARTS)[number];

export type ArchiveOptions = {
  parts: readonly ArchivePart[];
  /** Files of one round of copying. */
  files: number;
  /** Measured rounds of copying, after one that only warms the processes up. */
  rounds: number;
  /** Copies at a time while copying is measured: `ARCHIVE_CONCURRENCY` as it is by default. */
  parallel: number;
  /** How long copies go on while memory is watched. */
  memorySeconds: number;
  /** Files that are cut, each five times. */
  cutFiles: number;
  /** A folder for one CPU profile per process; null = none. */
  profileDir: string | null;
};

/** @throws TypeError for an unknown option, RangeError for a value that is no count or a part that does not exist */
export function parseOptions(args: string[]): ArchiveOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      files: { type: "string", default: "40" },
      rounds: { type: "string", default: "5" },
      parallel: { type: "string", default: "8" },
      "memory-seconds": { type: "string", default: "20" },
      "cut-files": { type: "string", default: "20" },
      profile: { type: "string" },
    },
  });
  const count = (name: Exclude<keyof typeof values, "profile">): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`--${name} must be a whole number above 0`);
    return value;
  };
  const parts = positionals.map((name) => {
    const part = PARTS.find((known) => known === name);
    if (part === undefined) throw new RangeError(`there is no part ${name}; there are ${PARTS.join(", ")}`);
    return part;
  });
  return {
    parts: parts.length > 0 ? parts : PARTS,
    files: count("files"),
    rounds: count("rounds"),
    parallel: count("parallel"),
    memorySeconds: count("memory-seconds"),
    cutFiles: count("cut-files"),
    profileDir: values.profile ?? null,
  };
}
