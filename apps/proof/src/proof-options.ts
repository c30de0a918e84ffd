import { parseArgs } from "node:util";
import { FAULT_EVERY_MS } from "./faults/fault-schedule.ts";
import type { SeedOptions } from "./run-seed.ts";

export const PARTS = ["seeds", "points", "control", "mutants", "archive"] as const;
export type ProofPart = (typeof PARTS)[number];

export type ProofOptions = {
  parts: readonly ProofPart[];
  seeds: readonly number[];
  orders: number;
  faults: number;
  workers: number;
  /** Null: each seed has its own mode. */
  callbacks: SeedOptions["callbacks"] | null;
  parallel: number;
  /** Files of the part `archive`. */
  copies: number;
  out: string;
};

/** Together with the defaults below: more than 10,000 orders and 2,500 faults over 24 seeds. */
const SEEDS = 24;
const ORDERS = 455;
const FAULTS = 112;
const DROP_SHARE = 0.1;
const COPIES = 2_000;

export const USAGE = `pnpm prove [seeds|points|control|mutants|archive ...]   all of them unless named
  --seed N        only this seed (its mode follows from it, unless --callbacks says otherwise)
  --seeds N       so many seeds, from 1 on (${SEEDS})
  --orders N      orders of a seed (${ORDERS})
  --minutes M     how long faults go on in a seed; one comes every ${FAULT_EVERY_MS / 1000} s
  --faults N      or how many (${FAULTS})
  --callbacks X   off, dropped (10 % of them) or all
  --parallel N    systems side by side (2)
  --copies N      files of archive (${COPIES})
  --workers N     worker processes of a system (4)
  --out FOLDER    where the histories go (.data/proof)
pnpm prove check FOLDER   the checker alone, over histories written before`;

/** @throws Error with a sentence for whoever typed it. */
export function readProofOptions(args: readonly string[], out: string): ProofOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: { type: "string" },
      seeds: { type: "string" },
      orders: { type: "string" },
      minutes: { type: "string" },
      faults: { type: "string" },
      callbacks: { type: "string" },
      parallel: { type: "string" },
      workers: { type: "string" },
      copies: { type: "string" },
      out: { type: "string" },
    },
  });
  const number = (name: Exclude<keyof typeof values, "out" | "callbacks">, usual: number): number => {
    const given = values[name];
    if (given === undefined) return usual;
    if (!(Number(given) > 0)) throw new Error(`--${name} must be a number above 0`);
    return Number(given);
  };
  const parts = positionals.map((name) => {
    const part = PARTS.find((known) => known === name);
    if (!part) throw new Error(`there is no part ${name}`);
    return part;
  });
  const overMinutes =
    values.minutes === undefined ? FAULTS : (number("minutes", 1) * 60_000) / FAULT_EVERY_MS;
  const first =
    values.seed === undefined ? Array.from({ length: number("seeds", SEEDS) }, (_, i) => i + 1) : null;
  return {
    parts: parts.length > 0 ? parts : values.seed === undefined ? PARTS : ["seeds"],
    seeds: first ?? [number("seed", 1)],
    orders: number("orders", ORDERS),
    faults: Math.round(number("faults", overMinutes)),
    workers: number("workers", 4),
    callbacks: values.callbacks === undefined ? null : callbacksOf(values.callbacks),
    parallel: number("parallel", 2),
    copies: Math.round(number("copies", COPIES)),
    out: values.out ?? out,
  };
}

function callbacksOf(word: string): SeedOptions["callbacks"] {
  if (word === "off") return "off";
  if (word === "dropped") return { dropShare: DROP_SHARE };
  if (word === "all") return { dropShare: 0 };
  throw new Error("--callbacks must be off, dropped or all");
}

/** A third of the seeds each; a seed's mode is its own, so that its number alone repeats it. */
export function callbacksOfSeed(seed: number): SeedOptions["callbacks"] {
  return callbacksOf((["all", "off", "dropped"] as const)[seed % 3] ?? "off");
}
