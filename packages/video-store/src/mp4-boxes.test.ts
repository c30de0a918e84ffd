import { describe, expect, it } from "vitest";
import { box, FTYP, largeBox, MOOV, mp4File, openBox } from "../test/mp4-file.ts";
import { createBoxWalk } from "./mp4-boxes.ts";

function walk(bytes: Buffer, chunkBytes = bytes.length, endIsMarked = true) {
  const boxes = createBoxWalk();
  for (let at = 0; at < bytes.length; at += Math.max(1, chunkBytes))
    boxes.push(bytes.subarray(at, at + chunkBytes));
  boxes.finish(endIsMarked);
  return boxes;
}

const mdat = box("mdat", Buffer.alloc(100));
const damaged = { kind: "unavailable", class: "provider_fault", code: "result_damaged" };

function refusal(bytes: Buffer, endIsMarked = true): unknown {
  try {
    walk(bytes, bytes.length, endIsMarked);
  } catch (error) {
    return error;
  }
  return null;
}

describe("the walk over an MP4's boxes", () => {
  it("takes a whole file, however it is cut into chunks", () => {
    const file = Buffer.concat([FTYP, box("free"), MOOV, mdat]);
    for (const chunkBytes of [1, 2, 3, 7, 8, 9, 15, 16, 17, 64, file.length]) {
      expect(walk(file, chunkBytes).moov()).toEqual(MOOV.subarray(8));
    }
  });

  it("does not mind order, unknown, free and trailing boxes, or fragments", () => {
    expect(refusal(Buffer.concat([FTYP, mdat, MOOV]))).toBeNull();
    expect(
      refusal(Buffer.concat([FTYP, box("free", Buffer.alloc(9)), box("wide"), MOOV, mdat, box("uuid")])),
    ).toBeNull();
    expect(
      refusal(Buffer.concat([FTYP, MOOV, box("moof", Buffer.alloc(5)), mdat, box("moof"), mdat])),
    ).toBeNull();
    expect(refusal(Buffer.concat([FTYP, MOOV, box("\x00\xff\x7f ", Buffer.alloc(3)), mdat]))).toBeNull();
  });

  it("takes 64-bit sizes and a last box that runs to the end", () => {
    expect(refusal(Buffer.concat([FTYP, MOOV, largeBox("mdat", Buffer.alloc(50))]))).toBeNull();
    expect(refusal(Buffer.concat([FTYP, MOOV, openBox("mdat", Buffer.alloc(50))]))).toBeNull();
  });

  it("refuses a box to the end of the file when nothing says where the file ends", () => {
    const file = Buffer.concat([FTYP, MOOV, openBox("mdat", Buffer.alloc(50))]);
    expect(refusal(file, false)).toMatchObject(damaged);
    expect(refusal(Buffer.concat([FTYP, MOOV, mdat]), false)).toBeNull();
  });

  it("refuses a file that was cut, at whatever byte", () => {
    const file = Buffer.concat([FTYP, MOOV, mdat]);
    for (let length = 0; length < file.length; length += 1) {
      expect(refusal(file.subarray(0, length), false)).toMatchObject(damaged);
    }
    expect(refusal(file, false)).toBeNull();
  });

  it.each(["ftyp", "moov", "mdat"])("refuses a file without %s", (missing) => {
    const boxes = { ftyp: FTYP, moov: MOOV, mdat };
    const rest = Object.entries(boxes).filter(([type]) => type !== missing);
    expect(refusal(Buffer.concat(rest.map(([, bytes]) => bytes)))).toMatchObject(damaged);
  });

  it("refuses an HTML page at its first bytes", () => {
    const boxes = createBoxWalk();
    expect(() => boxes.push(Buffer.from("<!doctype html><title>404</title>"))).toThrow(
      /does not begin with ftyp/,
    );
  });

  it("refuses impossible sizes", () => {
    const tooSmall = Buffer.from(FTYP);
    tooSmall.writeUInt32BE(7, 0);
    expect(refusal(Buffer.concat([tooSmall, MOOV, mdat]))).toMatchObject(damaged);
    const largeTooSmall = largeBox("mdat", Buffer.alloc(4));
    largeTooSmall.writeBigUInt64BE(15n, 8);
    expect(refusal(Buffer.concat([FTYP, MOOV, largeTooSmall]))).toMatchObject(damaged);
    const pastTheEnd = largeBox("mdat", Buffer.alloc(4));
    pastTheEnd.writeBigUInt64BE(2n ** 64n - 1n, 8);
    expect(refusal(Buffer.concat([FTYP, MOOV, pastTheEnd]))).toMatchObject(damaged);
  });

  it("keeps the content of moov only while that is small", () => {
    const huge = box("moov", Buffer.alloc(300 * 1024));
    expect(walk(Buffer.concat([FTYP, huge, mdat])).moov()).toBeNull();
    expect(walk(mp4File(10)).moov()).toEqual(MOOV.subarray(8));
  });
});
