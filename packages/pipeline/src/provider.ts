import type { FailureClass } from "./failure.ts";
import type { VideoInput } from "./video-input.ts";

/**
 * What the stages need of a provider. The adapter throws `Failure` and nothing else:
 * from `generateTask` a kind other than `unconfirmed` promises that no task was created.
 */
export type Provider = {
  /** Creates one paid task. Not idempotent: the provider has no idempotency key. */
  generateTask(request: GenerateRequest, options: GenerateOptions): Promise<{ taskId: string }>;
  /** Free of charge, safe to repeat. */
  statusTask(taskId: string, options?: { signal?: AbortSignal }): Promise<TaskReport>;
  /** US micro-dollars left on the key. */
  currentBalance(options?: { signal?: AbortSignal }): Promise<number>;
};

export type GenerateRequest = {
  input: VideoInput;
  /** Set → `request_type: callback`. */
  callbackUrl?: string;
};

export type GenerateOptions = {
  /**
   * Reads a monotonic clock just before the bytes are written and says whether they may still go; false →
   * `Failure` of kind `unavailable`, code `too_late_to_send`, `requestLeft: false`.
   */
  maySend: () => boolean;
};

/** What the provider says of a task. An answer that fits nothing here is a `Failure`, never a failed task. */
export type TaskReport =
  /** Known and not ended. `state` as the provider spelled it; unknown spellings count as running. */
  | { state: "running"; providerState: string }
  /** The provider does not know the task, or answers without data: right after the submit that is normal. */
  | { state: "unknown"; providerState: string }
  /** Ended with files. `resultUrls` may be empty: then it must be read again. */
  | { state: "succeeded"; resultUrls: readonly string[] }
  /** Ended without. `class` from the table of fail codes; `code` is the provider's own spelling. */
  | { state: "failed"; class: FailureClass; code: string; message: string };
