import { createHash } from "node:crypto";

/** Boxes written by hand: the smallest files that are whole MP4s, with as much `mdat` as a test wants. */
export function box(type: string, ...content: Buffer[]): Buffer {
  const payload = Buffer.concat(content);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(payload.length + 8, 0);
  header.write(type, 4, "latin1");
  return Buffer.concat([header, payload]);
}

/** The same with a 64-bit size. */
export function largeBox(type: string, ...content: Buffer[]): Buffer {
  const payload = Buffer.concat(content);
  const header = Buffer.alloc(16);
  header.writeUInt32BE(1, 0);
  header.write(type, 4, "latin1");
  header.writeBigUInt64BE(BigInt(payload.length + 16), 8);
  return Buffer.concat([header, payload]);
}

/** A box that runs to the end of the file. */
export function openBox(type: string, ...content: Buffer[]): Buffer {
  const whole = box(type, ...content);
  whole.writeUInt32BE(0, 0);
  return whole;
}

function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => buffer.writeUInt32BE(value, index * 4));
  return buffer;
}

export function movieHeader(timescale: number, duration: number): Buffer {
  return box("mvhd", words(0, 0, 0, timescale, duration), Buffer.alloc(80));
}

export function wideMovieHeader(timescale: number, duration: bigint): Buffer {
  const times = Buffer.alloc(32);
  times.writeUInt32BE(0x01000000, 0);
  times.writeUInt32BE(timescale, 20);
  times.writeBigUInt64BE(duration, 24);
  return box("mvhd", times, Buffer.alloc(80));
}

export function track(kind: "vide" | "soun", width: number, height: number, codec: string): Buffer {
  const trackHeader = box("tkhd", Buffer.alloc(76), words(width * 65_536, height * 65_536));
  const sample = box(codec, Buffer.alloc(78));
  return box(
    "trak",
    trackHeader,
    box(
      "mdia",
      box("mdhd", Buffer.alloc(24)),
      box("hdlr", words(0, 0), Buffer.from(kind, "latin1"), Buffer.alloc(13)),
      box("minf", box("stbl", box("stsd", words(0, 1), sample))),
    ),
  );
}

export const FTYP = box("ftyp", Buffer.from("isomiso2avc1mp41", "latin1"));
/** 5.1 s of 1280 × 720 in H.264. */
export const MOOV = box(
  "moov",
  movieHeader(600, 3060),
  track("soun", 0, 0, "mp4a"),
  track("vide", 1280, 720, "avc1"),
);
export const MOOV_FACTS = { width: 1280, height: 720, duration_ms: 5100, codec: "avc1" };

/** `mdatBytes` of content that differs with the seed and nowhere repeats within 4 GiB. */
export function mp4File(mdatBytes: number, seed = 1): Buffer {
  const content = Buffer.alloc(mdatBytes);
  for (let at = 0; at + 4 <= mdatBytes; at += 4) content.writeUInt32BE((at * 2_654_435_761 + seed) >>> 0, at);
  return Buffer.concat([FTYP, MOOV, box("mdat", content)]);
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
