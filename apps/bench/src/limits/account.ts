/** A value that changes at known moments: `[fromMs, value]`, oldest first, the first from 0. */
export type Course<T> = readonly (readonly [fromMs: number, value: T])[];

/**
 * How a window limit is enforced. `sliding`: at most `perMinute` in any 60 s. `fixed`: at most `perMinute` between two
 * full minutes of the provider. `bucket`: `perMinute` tokens flow in evenly, at most `burst` wait.
 */
export type RateLimit = {
  kind: "sliding" | "fixed" | "bucket";
  perMinute: number;
  /** Bucket only. */
  burst: number;
};

/** What a refusal tells beyond itself: nothing, when the rate allows again, which limit it was, or both. */
export type Hints = "none" | "retry-after" | "reason" | "both";

/** What a simulated provider keeps to itself. */
export type Account = {
  name: string;
  about: string;
  concurrency: Course<number | null>;
  rate: Course<RateLimit | null>;
  hints: Hints;
  /** Refused calls count against the window like accepted ones. */
  refusalsCount: boolean;
  generationMs: readonly [number, number];
  roundTripMs: readonly [number, number];
  /** How the client learns that a task ended: looks at these times after the answer, or a callback. */
  finish: { by: "polling"; firstMs: number; everyMs: number } | { by: "callback"; afterMs: number };
};

export function valueAt<T>(course: Course<T>, atMs: number): T {
  let [, value] = course[0] ?? [0, undefined as T];
  for (const [fromMs, next] of course) if (fromMs <= atMs) value = next;
  return value;
}

export const POLLING = { by: "polling", firstMs: 60_000, everyMs: 7_500 } as const;
export const CALLBACK = { by: "callback", afterMs: 1_000 } as const;
