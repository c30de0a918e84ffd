/** `ftyp`, `moov` and the head of `mdat` take so many bytes; no shorter file can be framed. */
export const MP4_FRAME_BYTES = 24 + 16 + 16;

/**
 * The beginning of an MP4 file of this length: `ftyp`, a `moov` without tracks, and the head of an `mdat` that runs to the
 * end, its size in 64 bits. Whatever bytes follow, the boxes sum to the file, so that a host can make one up while it sends it.
 */
export function mp4Frame(fileBytes: number): Buffer {
  if (fileBytes < MP4_FRAME_BYTES)
    throw new RangeError(`no MP4 file is shorter than ${MP4_FRAME_BYTES} bytes`);
  const frame = Buffer.alloc(MP4_FRAME_BYTES);
  frame.writeUInt32BE(24, 0);
  frame.write("ftypisom", 4, "latin1");
  frame.write("isomavc1", 16, "latin1");
  frame.writeUInt32BE(16, 24);
  frame.write("moov", 28, "latin1");
  frame.writeUInt32BE(8, 32);
  frame.write("free", 36, "latin1");
  frame.writeUInt32BE(1, 40); // The size follows in 64 bits.
  frame.write("mdat", 44, "latin1");
  frame.writeBigUInt64BE(BigInt(fileBytes - 40), 48);
  return frame;
}
