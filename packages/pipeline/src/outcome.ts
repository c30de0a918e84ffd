import type { WakeUp } from "./wake-up.ts";

/**
 * What a stage decides about its job. Deciding happens here in `pipeline`, applying in one file of `queue`.
 *
 * - `advance`: this job's work is done.
 * - `wait`: the same job again, `delayMs` from now. Costs no attempt.
 * - `pause`: the same job again, and the whole stage on all replicas rests for `delayMs` (the other side is
 *   overloaded, so nobody should ask).
 * - `give-up`: nothing more will come of this job; `reason` is for the person who looks at the failed list.
 *
 * Each may name wake-ups of other jobs in `next`: what follows from what was saved, whatever becomes of this job.
 */
export type Outcome = (
  | { kind: "advance"; log: string }
  | { kind: "wait"; log: string; delayMs: number }
  | { kind: "pause"; log: string; delayMs: number }
  | { kind: "give-up"; reason: string }
) & { next?: readonly WakeUp[] };
