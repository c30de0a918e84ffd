import { createHash, type Hash } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * The playable files, one per shape and duration. They were made once with ffmpeg (see README) and lie in `assets/`,
 * which is the same distance from `src` and from `dist`.
 */
export type Shape = "16:9" | "9:16" | "1:1";

/** Which file a task has: `tag` goes into a `free` box at its end, so that every file has bytes of its own. */
export type VideoChoice = { shape: Shape; duration: 5 | 10; tag: string };

const samples = new Map<string, { bytes: Buffer; hash: Hash }>();

/**
 * A playable file. The image modes have no shape of their own and get 16:9. Players skip the box with the tag, but a
 * mix-up between tasks shows in the SHA-256.
 */
export function videoBytes({ shape, duration, tag }: VideoChoice): Buffer {
  return Buffer.concat([sample(shape, duration).bytes, freeBox(Buffer.from(tag))]);
}

/** The lower-case hex SHA-256 of `videoBytes`, without reading the sample again. */
export function videoSha256({ shape, duration, tag }: VideoChoice): string {
  return sample(shape, duration)
    .hash.copy()
    .update(freeBox(Buffer.from(tag)))
    .digest("hex");
}

/** The video padded with a `free` box to at least so many bytes. */
export function padded(video: Buffer, bytes: number): Buffer {
  return Buffer.concat([video, freeBox(Buffer.alloc(Math.max(0, bytes - video.length - 8)))]);
}

function sample(shape: Shape, duration: 5 | 10): { bytes: Buffer; hash: Hash } {
  const name = `${shape.replace(":", "x")}-${duration}s.mp4`;
  const known = samples.get(name);
  if (known !== undefined) return known;
  const bytes = readFileSync(new URL(`../assets/${name}`, import.meta.url));
  const read = { bytes, hash: createHash("sha256").update(bytes) };
  samples.set(name, read);
  return read;
}

/** An MP4 box: its size with the header in four bytes, its name, its content. */
function freeBox(content: Buffer): Buffer {
  const header = Buffer.alloc(8, "    free");
  header.writeUInt32BE(8 + content.length);
  return Buffer.concat([header, content]);
}
