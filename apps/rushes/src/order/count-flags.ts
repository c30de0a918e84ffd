import type { Given } from "../commands.ts";
import { UsageProblem } from "../usage-problem.ts";
import { numberOf } from "./order-from-flags.ts";

const AN_HOUR_S = 3_600;

/** For commands that wait for videos. */
export const TIMEOUT = {
  takes: "s",
  about: "how long to wait; an hour unless given. The video goes on anyway",
};

/** @throws UsageProblem */
export function timeoutMs({ values }: Given): number {
  return countOf("timeout", values, AN_HOUR_S) * 1000;
}

/** @throws UsageProblem */
export function countOf(flag: string, values: Given["values"], usual: number): number {
  const value = numberOf(flag, values) ?? usual;
  if (!Number.isInteger(value) || value < 1)
    throw new UsageProblem(`--${flag} takes a whole number above 0.`);
  return value;
}
