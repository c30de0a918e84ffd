import { resultDamaged } from "./result-failure.ts";

/**
 * Walks the boxes of an MP4 file (ISO/IEC 14496-12, section 4.2) while its bytes pass by. A file is whole when
 * `ftyp` comes first, `moov` and `mdat` are there, and the sizes of the top-level boxes sum up to the file. What
 * else is in there – unknown, free, trailing boxes, fragments – does not matter.
 */
const HEADER_BYTES = 8;
const LARGE_HEADER_BYTES = 16;
/** Sizes below 8 with a meaning of their own: up to the end of the file; 64-bit size follows. */
const SIZE_TO_END = 0;
const SIZE_IS_LARGE = 1;
const REQUIRED = ["ftyp", "moov", "mdat"] as const;
/** `moov` is kept for its facts; that of a 10 s video has some 10 kB. A larger one is walked over unread. */
const MOOV_KEPT_BYTES = 256 * 1024;

export type BoxWalk = {
  /** The next bytes of the file. Throws a Failure as soon as they cannot belong to a whole MP4. */
  push(chunk: Buffer): void;
  /** The file ends here. `endIsMarked`: something outside the file vouches that this is really its end. */
  finish(endIsMarked: boolean): void;
  /** The content of `moov`, where it was small enough to keep. */
  moov(): Buffer | null;
};

export function createBoxWalk(): BoxWalk {
  const header = Buffer.alloc(LARGE_HEADER_BYTES);
  /** Of the required ones only: a hostile file could have millions of types. */
  const seen = new Set<string>();
  let headerFill = 0;
  let headerNeed = HEADER_BYTES;
  /** Payload bytes still to come of the box we are in. */
  let payloadLeft = 0;
  let moov: Buffer | null = null;
  let moovFill = 0;
  let inMoov = false;

  function enterBox(): void {
    const type = header.toString("latin1", 4, 8);
    const size = header.readUInt32BE(0);
    if (size === SIZE_IS_LARGE && headerNeed === HEADER_BYTES) {
      headerNeed = LARGE_HEADER_BYTES;
      return;
    }
    if (seen.size === 0 && type !== "ftyp")
      throw resultDamaged("the result is not an MP4 file: it does not begin with ftyp");
    if (size === SIZE_TO_END) payloadLeft = Infinity;
    else {
      const wholeSize = size === SIZE_IS_LARGE ? Number(header.readBigUInt64BE(8)) : size;
      payloadLeft = wholeSize - headerNeed;
      if (payloadLeft < 0)
        throw resultDamaged(`the result's ${printable(type)} box has the impossible size ${wholeSize}`);
    }
    inMoov = type === "moov" && !seen.has("moov") && payloadLeft <= MOOV_KEPT_BYTES;
    if (inMoov) moov = Buffer.alloc(payloadLeft);
    if ((REQUIRED as readonly string[]).includes(type)) seen.add(type);
    headerFill = 0;
    headerNeed = HEADER_BYTES;
  }

  return {
    push(chunk) {
      let at = 0;
      while (at < chunk.length) {
        if (payloadLeft > 0) {
          const taken = Math.min(payloadLeft, chunk.length - at);
          if (inMoov && moov !== null) moovFill += chunk.copy(moov, moovFill, at, at + taken);
          payloadLeft -= taken;
          at += taken;
          continue;
        }
        const taken = Math.min(headerNeed - headerFill, chunk.length - at);
        headerFill += chunk.copy(header, headerFill, at, at + taken);
        at += taken;
        if (headerFill === headerNeed) enterBox();
      }
    },
    finish(endIsMarked) {
      const openEnded = payloadLeft === Infinity;
      if (headerFill > 0 || (payloadLeft > 0 && !openEnded))
        throw resultDamaged("the result ends in the middle of an MP4 box");
      if (openEnded && !endIsMarked) {
        throw resultDamaged(
          "the result's last MP4 box runs to the end of the file, and nothing says where that is",
        );
      }
      for (const type of REQUIRED) {
        if (!seen.has(type)) throw resultDamaged(`the result has no ${type} box`);
      }
    },
    moov: () => moov,
  };
}

function printable(type: string): string {
  return type.replace(/[^\x20-\x7e]/g, "?");
}
