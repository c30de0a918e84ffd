import type { Bill } from "./bill.ts";
import type { CallbackSender } from "./callback-sender.ts";
import type { FaultDraw } from "./faults/fault-draw.ts";
import type { Journal } from "./journal.ts";
import type { Limits } from "./limits.ts";
import type { ResultUrls } from "./result-urls.ts";
import type { ScaledTimers } from "./scaled-timers.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { SettingsDesk } from "./settings-desk.ts";
import type { TaskBook } from "./task-book.ts";

/** What the routes work with. `start-sandbox.ts` puts it together once. */
export type Parts = {
  desk: SettingsDesk;
  timers: ScaledTimers;
  random: SeededRandom;
  draw: FaultDraw;
  tasks: TaskBook;
  bill: Bill;
  limits: Limits;
  journal: Journal;
  callbacks: CallbackSender;
  resultUrls: ResultUrls;
  ordinals: Ordinals;
  /** The keys that are let in; null lets every non-empty key in. */
  keys: ReadonlySet<string> | null;
  /** The wall clock, Unix milliseconds. */
  now: () => number;
};

/** Counters for the draws, and ids that no other run of the sandbox has given out. */
export type Ordinals = {
  nextSubmit(): number;
  nextTask(): { ordinal: number; taskId: string };
  reset(): void;
};
