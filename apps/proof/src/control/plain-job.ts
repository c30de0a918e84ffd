/** What a job of the plain control carries; here it is the truth about the order, as in a system without records. */
export type PlainJob = {
  key: string;
  prompt: string;
  input: Record<string, unknown>;
  taskId?: string;
};

export const PLAIN_QUEUE = "plain-submit";
export const PLAIN_PREFIX = "{plain}";

/** BullMQ's own answer to trouble: a few retries with backoff. */
export const PLAIN_RETRIES = { attempts: 5, backoff: { type: "exponential", delay: 200 } };
