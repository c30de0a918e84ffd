import { describe, expect, it } from "vitest";
import { box, MOOV, MOOV_FACTS, movieHeader, track, wideMovieHeader } from "../test/mp4-file.ts";
import { mediaFacts } from "./mp4-media.ts";

const video = track("vide", 1080, 1920, "hvc1");

describe("the facts of a video", () => {
  it("are those of its first video track", () => {
    expect(mediaFacts(MOOV.subarray(8))).toEqual(MOOV_FACTS);
    const two = Buffer.concat([movieHeader(1000, 10_042), video, track("vide", 1, 1, "mjpg")]);
    expect(mediaFacts(two)).toEqual({ width: 1080, height: 1920, duration_ms: 10_042, codec: "hvc1" });
  });

  it("come from 64-bit headers as well", () => {
    expect(mediaFacts(Buffer.concat([wideMovieHeader(90_000, 900_000n), video]))).toMatchObject({
      duration_ms: 10_000,
    });
  });

  it("take the duration of a fragmented file from its extends header", () => {
    const extendsHeader = Buffer.alloc(8);
    extendsHeader.writeUInt32BE(5000, 4);
    const movie = Buffer.concat([movieHeader(1000, 0), video, box("mvex", box("mehd", extendsHeader))]);
    expect(mediaFacts(movie)).toMatchObject({ duration_ms: 5000 });
    expect(mediaFacts(Buffer.concat([movieHeader(1000, 0), video]))).toMatchObject({ duration_ms: 0 });
  });

  it("are missing, and never an error, where the boxes do not hold them", () => {
    expect(mediaFacts(Buffer.alloc(0))).toBeNull();
    expect(mediaFacts(movieHeader(1000, 1))).toBeNull();
    expect(mediaFacts(Buffer.concat([movieHeader(0, 1), video]))).toBeNull();
    expect(mediaFacts(Buffer.concat([movieHeader(1000, 1), track("soun", 0, 0, "mp4a")]))).toBeNull();
    const moov = MOOV.subarray(8);
    for (let length = 0; length < moov.length; length += 1) {
      expect([null, MOOV_FACTS]).toContainEqual(mediaFacts(moov.subarray(0, length)));
    }
    for (let at = 0; at < moov.length; at += 1) {
      const flipped = Buffer.from(moov);
      flipped[at] = 255 - (flipped[at] ?? 0);
      expect(() => mediaFacts(flipped)).not.toThrow();
    }
  });
});
