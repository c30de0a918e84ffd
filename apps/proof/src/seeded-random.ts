import { createHash } from "node:crypto";
import { createRandom as createSeries } from "@rushes/test-rig";

export type Random = {
  /** From 0 up to, but not, 1. */
  next(): number;
  between(least: number, most: number): number;
  pick<Item>(items: readonly Item[]): Item;
};

/** A stream of chance of its own for each purpose of a seed, so that more of one does not change another. */
export function createRandom(seed: number, purpose: string): Random {
  const next = createSeries(createHash("sha256").update(`${seed} ${purpose}`).digest().readInt32LE(0));
  return {
    next,
    between: (least, most) => least + next() * (most - least),
    pick<Item>(items: readonly Item[]): Item {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new Error("nothing to pick from");
      return item;
    },
  };
}

/** One of the keys, each as likely as its weight says. */
export function pickWeighted<Name extends string>(
  weights: Readonly<Record<Name, number>>,
  draw: number,
): Name {
  const rows = Object.entries(weights) as [Name, number][];
  let left = draw * rows.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of rows) {
    left -= weight;
    if (left < 0) return name;
  }
  throw new Error("no weights");
}
