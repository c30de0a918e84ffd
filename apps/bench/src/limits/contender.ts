import type { Account } from "./account.ts";

export type Hint = { retryAfterMs?: number; reason?: "rate" | "concurrency" };

/** Something that decides when to submit. All see the same: their own sends, the answers, and the ends of tasks. */
export type Contender = {
  /** True: send one now. A number: ask again then. Null: ask again after the next answer or end. */
  next(nowMs: number): true | number | null;
  sent(nowMs: number): void;
  accepted(nowMs: number, sentAtMs: number): void;
  refused(nowMs: number, sentAtMs: number, hint: Hint): void;
  finished(nowMs: number, acceptedAtMs: number): void;
  /** What it believes, for plots and for the times of adaptation: tasks in flight, requests a minute. */
  belief?(nowMs: number): { limit: number; ratePerMinute: number };
};

export type ContenderRecipe = {
  name: string;
  /** Only `limits known` may look at the account. */
  create(account: Account, random: () => number): Contender;
};
