import { Failure } from "@rushes/pipeline";
import { describe, expect, it } from "vitest";
import { manifestKey, objectKey } from "./object-key.ts";

const video = {
  videoId: "vid_01J9ABC",
  mode: "master-text-to-video",
  createdAtMs: Date.UTC(2026, 0, 2, 23, 59, 59, 999),
  index: 0,
};

describe("the object key", () => {
  it("is the UTC day of the order and the video's id", () => {
    expect(objectKey(video)).toBe("2026/01/02/vid_01J9ABC.mp4");
    expect(objectKey({ ...video, createdAtMs: video.createdAtMs + 1 })).toBe("2026/01/03/vid_01J9ABC.mp4");
  });

  it("numbers further files of one video from two", () => {
    expect(objectKey({ ...video, index: 1 })).toBe("2026/01/02/vid_01J9ABC-2.mp4");
    expect(objectKey({ ...video, index: 2 })).toBe("2026/01/02/vid_01J9ABC-3.mp4");
  });

  it("takes a prefix with or without slashes at its ends", () => {
    for (const prefix of ["films/kling", "films/kling/", "/films/kling//"]) {
      expect(objectKey({ ...video, prefix })).toBe("films/kling/2026/01/02/vid_01J9ABC.mp4");
    }
    for (const prefix of ["", "/", undefined]) {
      expect(objectKey({ ...video, prefix })).toBe("2026/01/02/vid_01J9ABC.mp4");
    }
  });

  it("carries the first eight digits of the hash where the plain key is taken", () => {
    const sha256 = "0123456789abcdef".repeat(4);
    expect(objectKey({ ...video, sha256 })).toBe("2026/01/02/vid_01J9ABC-01234567.mp4");
    expect(objectKey({ ...video, index: 1, sha256 })).toBe("2026/01/02/vid_01J9ABC-2-01234567.mp4");
  });

  it("refuses an id that could leave its folder", () => {
    for (const videoId of ["", "../vid", "a/b", "vid.mp4", "vid\n"]) {
      expect(() => objectKey({ ...video, videoId })).toThrow(Failure);
    }
    expect(() => objectKey({ ...video, index: -1 })).toThrow(Failure);
    expect(() => objectKey({ ...video, mode: "../../x" })).toThrow(Failure);
  });

  it("follows a template, and counts where the template has no place for the number", () => {
    const template = "{mode}/{date}/take-{n}/{video_id}.mp4";
    const day = "master-text-to-video/2026/01/02";
    expect(objectKey({ ...video, template })).toBe(`${day}/take-1/vid_01J9ABC.mp4`);
    expect(objectKey({ ...video, template, index: 1 })).toBe(`${day}/take-2/vid_01J9ABC.mp4`);
    expect(objectKey({ ...video, template: "all/{video_id}.mp4", index: 1 })).toBe("all/vid_01J9ABC-2.mp4");
    expect(objectKey({ ...video, template, prefix: "films/", sha256: "01234567ff" })).toBe(
      `films/${day}/take-1/vid_01J9ABC-01234567.mp4`,
    );
    expect(() => objectKey({ ...video, template: "all.mp4" })).toThrow(Failure);
  });
});

describe("the manifest's key", () => {
  it("is that of the first file with another ending", () => {
    expect(manifestKey(video)).toBe("2026/01/02/vid_01J9ABC.json");
    expect(manifestKey({ ...video, template: "{video_id}/{n}.mp4" })).toBe("vid_01J9ABC/1.json");
    expect(manifestKey({ ...video, sha256: "01234567ff" })).toBe("2026/01/02/vid_01J9ABC-01234567.json");
  });
});
