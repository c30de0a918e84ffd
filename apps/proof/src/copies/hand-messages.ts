import type { PlannedCopy } from "./copy-plan.ts";

/** What a hand is told when it is started. */
export type HandOrder = {
  name: string;
  /** `plain`: fetch into lib-storage's Upload, unchecked; the control. */
  contender: "rushes" | "plain";
  seed: number;
  originUrl: string;
  /** An address that must never be dialled. */
  trapUrl: string;
  bucketUrl: string;
  /** Where it writes its lines, at once, so that they survive its death. */
  linesPath: string;
  /** How many copies it has under way at a time. */
  parallel: number;
};

/** From the runner to a hand. */
export type ToHand = { say: "copy"; copy: PlannedCopy } | { say: "end" };

/** From a hand to the runner. `ended`: the copy is stored or given up. */
export type FromHand = { say: "wants" } | { say: "ended"; name: string };
