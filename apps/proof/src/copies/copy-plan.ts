import { createHash } from "node:crypto";
import { MP4_FRAME_BYTES, mp4Frame } from "@rushes/test-rig";
import { createRandom, pickWeighted } from "../seeded-random.ts";
import type { FileLine, Flaw } from "./copy-lines.ts";

/** One file that shall be copied: the origin's line of it, and what a hand needs to name it to the store. */
export type PlannedCopy = FileLine & { videoId: string; index: number; count: number; createdAtMs: number };

/** Larger ones are refused by the store, and go in parts from here on; small enough that thousands of copies fit into memory. */
export const MOST_BYTES = 20_000_000;
export const PARTS_ABOVE_BYTES = 300_000;
const PART_BYTES = 8 * 1024 * 1024;

/** Small ones go at once, middling ones in a single part, large ones in two or three. */
const SIZES = { small: 0.8, middling: 0.185, large: 0.015 };
const SPANS: Record<keyof typeof SIZES, [least: number, most: number]> = {
  small: [2_000, 250_000],
  middling: [PARTS_ABOVE_BYTES, 900_000],
  large: [PART_BYTES + 1, 17_000_000],
};
/** So many files have something wrong with them for good, and so many videos have two files. */
const FLAWS: Record<Flaw | "none", number> = {
  "too-large": 0.01,
  "no-video": 0.01,
  "private-address": 0.01,
  none: 0.97,
};
const TWO_FILES = 0.05;
const FIRST_ORDER_MS = Date.UTC(2026, 10, 24);

export function planCopies(seed: number, count: number): PlannedCopy[] {
  const random = createRandom(seed, "copies");
  const copies: PlannedCopy[] = [];
  for (let video = 1; copies.length < count; video += 1) {
    const videoId = `vid_${String(video).padStart(6, "0")}`;
    const files = copies.length + 1 < count && random.next() < TWO_FILES ? 2 : 1;
    for (let index = 0; index < files; index += 1) {
      const flaw = pickWeighted(FLAWS, random.next());
      const [least, most] = SPANS[pickWeighted(SIZES, random.next())];
      const bytes = flaw === "too-large" ? MOST_BYTES + 1 : Math.floor(random.between(least, most));
      const name = index === 0 ? videoId : `${videoId}-${index + 1}`;
      copies.push({
        ...{ name, bytes, videoId, index, count: files },
        createdAtMs: FIRST_ORDER_MS + video * 60_000,
        flaw: flaw === "none" ? null : flaw,
        sha256: createHash("sha256").update(contentOf(name, bytes)).digest("hex"),
      });
    }
  }
  return copies;
}

/** The pictures of all files: each begins at another place in them. */
const PICTURES = pictures();
function pictures(): Buffer {
  const random = createRandom(0, "pictures");
  const bytes = Buffer.alloc(1024 * 1024);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(Math.floor(random.next() * 2 ** 32), at);
  return bytes;
}

/** The whole of a file; the same for the same name and length, and another one for every other. */
export function contentOf(name: string, fileBytes: number): Buffer {
  const content = Buffer.allocUnsafe(fileBytes);
  let at = mp4Frame(fileBytes).copy(content);
  let from = createHash("sha256").update(name).digest().readUInt32LE(0) % PICTURES.length;
  while (at < fileBytes) {
    at += PICTURES.copy(content, at, from);
    from = 0;
  }
  // The name itself, where there is room: no two files of one length may be the same.
  content.write(name.slice(0, fileBytes - MP4_FRAME_BYTES), MP4_FRAME_BYTES, "latin1");
  return content;
}
