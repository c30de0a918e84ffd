import { join } from "node:path";
import type { End } from "@rushes/lifecycle";
import type { Terminal } from "../terminal.ts";
import { exposeVideo } from "./archived-file.ts";
import { objectPath } from "./file-store.ts";
import type { MemoryFile } from "./memory.ts";
import { SPEED } from "./part-environment.ts";
import { plainLine, progressLine } from "../progress-line.ts";
import { followVideo, orderSample, type Api, type Video } from "./sample-order.ts";

/** A 5-second video takes the provider 60 to 90 s, the sandbox a tenth of that; copying it takes a moment. */
const TYPICAL_MS = 75_000 / SPEED + 1_500;

/** Nobody waits for longer than this in front of a sample; with `--once` it counts as failed. */
const PATIENCE_MS = 300_000;

/**
 * Orders the sample and shows it on its way. With `once`, its end is the end of everything: exit code 0 when it is
 * archived, else 1.
 */
export async function showSample(options: {
  once: boolean;
  api: Api;
  memory: MemoryFile;
  terminal: Terminal;
  stopping: AbortSignal;
  end: End;
  data: string;
  /** Undefined when the bucket is somewhere else. */
  storeFolder: string | undefined;
}): Promise<void> {
  const { once, api, memory, terminal, end } = options;
  const impatient = AbortSignal.timeout(PATIENCE_MS);
  const signal = AbortSignal.any([options.stopping, impatient]);
  try {
    const { video, isResumed } = await orderSample(api, memory, signal);
    terminal.say(isResumed ? `Going on with ${video.id} from the last start.` : `Ordered ${video.id}.`);
    const startedMs = performance.now();
    const ended = await followVideo(api, video, {
      signal,
      show: ({ phase, late }) => {
        const elapsedMs = performance.now() - startedMs;
        terminal.progress(
          progressLine({ phase, late, elapsedMs, typicalMs: TYPICAL_MS }),
          plainLine({ phase, late }),
        );
      },
    });
    terminal.endProgress();
    memory.set({ sample: undefined });
    for (const line of resultLines(ended, options)) terminal.say(line);
    if (once) end("the sample has ended", ended.phase === "completed" ? 0 : 1);
  } catch (error) {
    terminal.endProgress();
    if (options.stopping.aborted) return;
    const minutes = Math.round(PATIENCE_MS / 60_000);
    const reason = error instanceof Error ? error.message : String(error);
    terminal.say(impatient.aborted ? `The sample is not finished after ${minutes} minutes.` : reason);
    if (once) end("the sample has not ended well", 1);
  }
}

function resultLines(
  { id, phase, output, error }: Video,
  { data, storeFolder }: { data: string; storeFolder: string | undefined },
): string[] {
  if (phase !== "completed") {
    const why = error ? `: ${error.message} (${error.code})` : "";
    return [`The sample ended as ${phase}${why}.`];
  }
  const lines = output.flatMap(({ bucket, key, url, bytes }, index) => {
    if (storeFolder === undefined) return [`  ${url} (bucket ${bucket}, ${bytes} bytes)`];
    const name = output.length === 1 ? `${id}.mp4` : `${id}-${index + 1}.mp4`;
    const path = exposeVideo({ storeFolder, bucket, key, folder: join(data, "videos"), name });
    return [`  ${path} (${bytes} bytes)`, `  in the store: ${objectPath(storeFolder, bucket, key)}`];
  });
  return ["The sample video is archived:", ...lines];
}
