import { Failure } from "@rushes/pipeline";
import type { StoredFiles } from "@rushes/video-store";
import type { CommandContext } from "../commands.ts";
import type { ApiFile, ApiVideo } from "../operate/api-video.ts";
import type { OperateOptions } from "../operate/operate-options.ts";
import { printable } from "../operate/video-lines.ts";
import { openBuckets } from "./bucket-access.ts";
import { newTally, summaryLines, tallyLine, troublesOf, type Tally } from "./tally.ts";

/** Enough to fill a line to the bucket; each holds a few buffers and no file. */
const FILES_AT_ONCE = 8;

/**
 * Reads what is stored of these videos and compares length and SHA-256 with the records, manifests too. One line for each
 * file that is not as recorded. Only reads, so it may run beside everything else.
 *
 * @returns the exit code: 0 when every file was read and is as recorded, else 1
 */
export async function verifyFiles(
  { api }: Pick<OperateOptions, "api">,
  { environment, terminal }: Pick<CommandContext, "environment" | "terminal">,
  which: readonly string[] | "all",
): Promise<number> {
  const stored = openBuckets(environment);
  const videos = (): AsyncIterable<ApiVideo> =>
    which === "all" ? api.listCompleted() : fetchEach(api, which);
  try {
    const tally = newTally(await countFiles(videos(), (count) => terminal.progress(`  ${count} files`, "")));
    const show = (): void => terminal.progress(tallyLine(tally), "");
    show();
    const files = filesOf(videos(), tally, (line) => terminal.say(line));
    // They share one list: whoever is done takes the next.
    await Promise.all(
      Array.from({ length: FILES_AT_ONCE }, async () => {
        for (let next = await files.next(); next.done !== true; next = await files.next()) {
          const trouble = await lookAt(next.value, stored, tally);
          if (trouble !== null) terminal.say(trouble);
          show();
        }
      }),
    );
    terminal.endProgress();
    for (const line of summaryLines(tally)) terminal.say(line);
    return troublesOf(tally) === 0 ? 0 : 1;
  } finally {
    terminal.endProgress();
    await stored.close();
  }
}

async function* fetchEach(api: OperateOptions["api"], ids: readonly string[]): AsyncGenerator<ApiVideo> {
  for (const id of ids) yield await api.fetchVideo(id);
}

/** A walk of its own through the list, for a bar needs to know its end; files themselves are not looked at. */
async function countFiles(
  videos: AsyncIterable<ApiVideo>,
  show: (count: number) => void,
): Promise<Tally["total"]> {
  const total = { files: 0, bytes: 0 };
  for await (const video of videos) {
    for (const { bytes } of storedOf(video)) {
      total.files += 1;
      total.bytes += bytes;
    }
    show(total.files);
  }
  return total;
}

function storedOf({ output, manifest }: ApiVideo): readonly ApiFile[] {
  return manifest ? [...output, manifest] : output;
}

type FileOfVideo = { videoId: string; file: ApiFile };

async function* filesOf(
  videos: AsyncIterable<ApiVideo>,
  tally: Tally,
  say: (line: string) => void,
): AsyncGenerator<FileOfVideo> {
  for await (const video of videos) {
    if (video.phase !== "completed") {
      tally.unknown += 1;
      say(`${video.id}  ${video.phase}: no file is recorded of it`);
      continue;
    }
    for (const file of storedOf(video)) yield { videoId: video.id, file };
  }
}

/** One line of trouble; null when the file is as recorded. */
async function lookAt(
  { videoId, file }: FileOfVideo,
  stored: StoredFiles,
  tally: Tally,
): Promise<string | null> {
  const line = (word: string): string => `${videoId}  ${word.padEnd(9)}  ${printable(file.url)}`;
  let found: keyof Tally & ("same" | "missing" | "different" | "unknown");
  let why = "";
  try {
    found = await stored.compare(file);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    found = "unknown";
    why = `: ${error.message}`;
  }
  tally.files += 1;
  tally.bytes += file.bytes;
  tally[found] += 1;
  return found === "same" ? null : line(found) + printable(why);
}
