import { hasEnded, RushesError, type Client, type Video } from "@rushes/client";
import { plainLine, progressLine } from "../progress-line.ts";
import type { Terminal } from "../terminal.ts";

/** Each is a connection while it lasts. */
const MOST_AT_ONCE = 50;
const REDRAW_EVERY_MS = 250;
/** The middle of what the provider documents, and what a copy takes, until it is known better. */
const USUAL_S = { 5: 77, 10: 107 } as const;

export type FollowOptions = {
  rushes: Client;
  /** Shows one line for all of them. */
  aside: Terminal;
  timeoutMs: number;
  /** Called as each ends. */
  onEnd: (video: Video) => void;
};

/**
 * Waits for videos, all at once, showing how they are.
 *
 * @returns those that ended, in the order of the ids; the error of the first that could not be waited for comes after the
 * others have ended
 * @throws RushesError
 */
export async function followVideos(ids: readonly string[], options: FollowOptions): Promise<Video[]> {
  const { rushes, aside, timeoutMs, onEnd } = options;
  const startedMs = performance.now();
  const latest = new Map<string, Video>();
  const [only] = ids.length === 1 ? ids : [];
  const usualMs = only === undefined ? 0 : await usualTime(rushes, only);
  const draw = (): void => {
    const elapsedMs = performance.now() - startedMs;
    const shown =
      only === undefined ? sumLines(ids.length, latest) : oneLine(latest.get(only), elapsedMs, usualMs);
    if (shown) aside.progress(...shown);
  };
  const redraw = setInterval(draw, REDRAW_EVERY_MS);
  const waiting = ids.values();
  const errors: unknown[] = [];

  async function followNext(): Promise<void> {
    for (const id of waiting) {
      try {
        const leftMs = Math.max(1, timeoutMs - (performance.now() - startedMs));
        const onUpdate = (video: Video): void => {
          latest.set(id, video);
          draw();
        };
        onEnd(await rushes.wait(id, { timeoutMs: leftMs, onUpdate }));
      } catch (error) {
        errors.push(error);
      }
    }
  }

  try {
    await Promise.all(Array.from({ length: Math.min(MOST_AT_ONCE, ids.length) }, followNext));
  } finally {
    clearInterval(redraw);
    aside.endProgress();
  }
  if (errors.length > 0) throw worstOf(errors);
  return ids.flatMap((id) => latest.get(id) ?? []);
}

/** From now to the file, as the api estimates it for another one like this. */
async function usualTime(rushes: Client, id: string): Promise<number> {
  const { input } = await rushes.get(id);
  const estimate = await rushes.dryRun({ input }).catch(() => null);
  return (estimate?.eta_s ?? USUAL_S[input.duration]) * 1000;
}

function oneLine(video: Video | undefined, elapsedMs: number, typicalMs: number): [string, string] | null {
  if (video === undefined) return null;
  const { phase, late } = video;
  return [progressLine({ phase, late, elapsedMs, typicalMs }), plainLine({ phase, late })];
}

/** `3 of 10 have ended: 2 queued, 5 generating, 3 completed`. */
function sumLines(count: number, latest: ReadonlyMap<string, Video>): [string, string] | null {
  const videos = [...latest.values()];
  const ended = videos.filter(hasEnded).length;
  const byPhase = Map.groupBy(videos, ({ phase }) => phase);
  const phases = [...byPhase].map(([phase, those]) => `${those.length} ${phase}`);
  if (videos.length === 0) return null;
  const started = `  ${ended} of ${count} have ended`;
  return [`${started}: ${phases.join(", ")}`, started];
}

/** What is a person's mistake counts more than what passes. */
function worstOf(errors: readonly unknown[]): unknown {
  return (
    errors.find((error) => !(error instanceof RushesError) || error.code !== "wait_timeout") ?? errors[0]
  );
}
