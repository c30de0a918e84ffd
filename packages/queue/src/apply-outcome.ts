import { DelayedError, UnrecoverableError, type Job } from "bullmq";
import type { Outcome, WakeUp } from "@rushes/pipeline";

/** What applying needs of the worker that holds the job. */
export type JobHold = {
  job: Job;
  token: string;
  wake: (wakeUps: readonly WakeUp[]) => Promise<void>;
  /** Lets the whole stage rest, on all replicas. */
  rest: (delayMs: number) => Promise<void>;
};

/**
 * Turns a stage's outcome into BullMQ's verbs; the only place that does. The record is saved already, so the order here
 * is: the next wake-ups first, the end of this job last. Dying in between costs a second look, nothing else.
 *
 * @returns the job's return value, which Bull Board shows
 * @throws BullMQ's own signals: `DelayedError` for a job that was moved, `UnrecoverableError` for one given up
 */
export async function applyOutcome(outcome: Outcome, { job, token, wake, rest }: JobHold): Promise<string> {
  if (outcome.next) await wake(outcome.next);
  switch (outcome.kind) {
    case "advance":
      return outcome.log;
    case "wait":
      return await moveLater(job, token, outcome.delayMs);
    case "pause":
      await rest(outcome.delayMs);
      return await moveLater(job, token, outcome.delayMs);
    case "give-up":
      throw new UnrecoverableError(outcome.reason);
  }
}

/** Costs the job no attempt. Without the error BullMQ would take the job as completed. */
async function moveLater(job: Job, token: string, delayMs: number): Promise<never> {
  await job.moveToDelayed(Date.now() + Math.max(1, Math.ceil(delayMs)), token);
  throw new DelayedError();
}
