import { refusal, type Answer } from "../answer.ts";
import type { Meeting } from "../faults/fault-draw.ts";
import type { Settings } from "../settings.ts";

/** The one model there is. */
export const MODEL = "kling-2-1";

/** A request with a valid key. */
export type Call = {
  label: string;
  settings: Settings;
  model: string;
  query: Readonly<Record<string, string | undefined>>;
  body: unknown;
  /** The host name this client called, without port. */
  fileHost: string;
};

/** The answer, and what the journal wants to know about it. */
export type Answered = {
  answer: Answer;
  taskId: string | null;
  faults: readonly string[];
  /** Whom faults of the envelope strike; null: only those that strike everybody. */
  meeting: Meeting | null;
};

/** An answer that no fault had a hand in. */
export function honest(answer: Answer, taskId: string | null = null): Answered {
  return { answer, taskId, faults: [], meeting: null };
}

/** 429 as documented: it does not say which limit was met. The header's seconds are scaled like every time. */
export function throttled({ retryAfterS }: Settings, speed: number): Answer {
  const answer = refusal(429);
  if (retryAfterS === null) return answer;
  return { ...answer, headers: { "retry-after": String(Math.ceil(retryAfterS / speed)) } };
}
