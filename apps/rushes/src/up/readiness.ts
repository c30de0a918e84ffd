import { setTimeout as pause } from "node:timers/promises";
import type { Child } from "./child.ts";

const LOOK_EVERY_MS = 100;
/** One look; a part that accepts and then says nothing is not ready. */
const LOOK_TIMEOUT_MS = 3_000;
/** Nothing here takes this long unless something is wrong that waiting does not mend. */
export const READY_WITHIN_MS = 60_000;
/** Enough of a log to see the reason, few enough to see it at a glance. */
const SHOWN_LINES = 12;

/** Undefined when a part is ready, else what it said instead. */
export type Look = (signal: AbortSignal) => Promise<string | undefined>;

/**
 * Resolves when a look finds the part ready.
 *
 * @throws when it is not in time; the signal's reason when that fires
 */
export async function waitUntilReady(
  child: Child,
  look: Look,
  options: { signal: AbortSignal; withinMs?: number },
): Promise<void> {
  const { signal, withinMs = READY_WITHIN_MS } = options;
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    signal.throwIfAborted();
    const answer = await look(signal);
    if (answer === undefined) return;
    if (performance.now() > deadlineMs) {
      const seconds = Math.round(withinMs / 1000);
      throw new Error(`${child.name} is not ready after ${seconds} s: ${answer}.\n${lastWords(child)}`);
    }
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** The end of a child's log, for a message. */
export function lastWords(child: Child): string {
  const lines = child.lastLines(SHOWN_LINES).map((line) => `  | ${line}`);
  return [`The last lines of ${child.logPath}:`, ...lines].join("\n");
}

/** Ready is whoever answers this address with 2xx. */
export function httpLook(url: string): Look {
  return async (signal) => {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]);
      const response = await fetch(url, { signal: limit });
      const body = await response.text();
      return response.ok ? undefined : `${url} answers ${response.status} ${body.slice(0, 200)}`;
    } catch {
      signal.throwIfAborted();
      return `${url} does not answer`;
    }
  };
}

/** The first of these pages that answers 2xx, or the last one without asking. With the origin before it. */
export async function firstThatAnswers(
  pages: readonly string[],
  origin: string,
  signal: AbortSignal,
): Promise<string> {
  const urls = pages.map((page) => `${origin}${page}`);
  for (const url of urls.slice(0, -1)) {
    if ((await httpLook(url)(signal)) === undefined) return url;
  }
  return urls.at(-1) ?? origin;
}
