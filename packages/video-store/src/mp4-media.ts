import type { MediaFacts } from "@rushes/pipeline";

type Box = { type: string; payload: Buffer };

/**
 * The facts of the first video track, from the content of `moov` (offsets: ISO/IEC 14496-12, sections 8.2–8.5).
 * Null where the boxes do not hold what they should; damaged or hostile input never throws.
 */
export function mediaFacts(moov: Buffer): MediaFacts | null {
  try {
    const movie = boxesOf(moov);
    for (const track of movie.filter((box) => box.type === "trak")) {
      const parts = boxesOf(track.payload);
      const media = boxesOf(find(parts, "mdia"));
      if (find(media, "hdlr").toString("latin1", 8, 12) !== "vide") continue;
      const sampleTable = boxesOf(find(boxesOf(find(media, "minf")), "stbl"));
      return {
        ...pictureSize(find(parts, "tkhd")),
        duration_ms: durationMs(find(movie, "mvhd")) || fragmentsDurationMs(movie),
        codec: codec(find(sampleTable, "stsd")),
      };
    }
    return null;
  } catch {
    // A field outside its box (RangeError) or a missing box: there are no facts, and that is all.
    return null;
  }
}

function boxesOf(buffer: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= buffer.length;) {
    const size = buffer.readUInt32BE(at);
    if (size < 8 || at + size > buffer.length) break;
    boxes.push({
      type: buffer.toString("latin1", at + 4, at + 8),
      payload: buffer.subarray(at + 8, at + size),
    });
    at += size;
  }
  return boxes;
}

function find(boxes: readonly Box[], type: string): Buffer {
  const box = boxes.find((candidate) => candidate.type === type);
  if (box === undefined) throw new RangeError(`no ${type} box`);
  return box.payload;
}

/** Version 1 of a full box has 64-bit times in place of 32-bit ones. */
function isWide(box: Buffer): boolean {
  return box.readUInt8(0) === 1;
}

function pictureSize(trackHeader: Buffer): { width: number; height: number } {
  const at = isWide(trackHeader) ? 88 : 76;
  const fixedPoint = 65_536;
  return {
    width: Math.round(trackHeader.readUInt32BE(at) / fixedPoint),
    height: Math.round(trackHeader.readUInt32BE(at + 4) / fixedPoint),
  };
}

function timescale(movieHeader: Buffer): number {
  const perSecond = movieHeader.readUInt32BE(isWide(movieHeader) ? 20 : 12);
  if (perSecond === 0) throw new RangeError("a timescale of 0");
  return perSecond;
}

function durationMs(movieHeader: Buffer): number {
  const ticks = isWide(movieHeader) ? Number(movieHeader.readBigUInt64BE(24)) : movieHeader.readUInt32BE(16);
  return Math.round((ticks * 1000) / timescale(movieHeader));
}

/** A fragmented file may leave the movie header at 0 and tell its duration in `mvex/mehd`, or nowhere. */
function fragmentsDurationMs(movie: readonly Box[]): number {
  const fragments = movie.find((box) => box.type === "mvex");
  const header = fragments && boxesOf(fragments.payload).find((box) => box.type === "mehd")?.payload;
  if (header === undefined) return 0;
  const ticks = isWide(header) ? Number(header.readBigUInt64BE(4)) : header.readUInt32BE(4);
  return Math.round((ticks * 1000) / timescale(find(movie, "mvhd")));
}

function codec(sampleDescription: Buffer): string {
  const code = sampleDescription.toString("latin1", 12, 16);
  if (!/^[\x21-\x7e]{4}$/.test(code)) throw new RangeError("no sample entry");
  return code;
}
