import { expect, test } from "vitest";
import { orderSchema } from "./order.ts";
import { PHASES } from "./phase.ts";
import { presentVideo } from "./video.ts";
import type { VideoRecord } from "./video-record.ts";

const order = orderSchema.parse({
  input: { mode: "master-text-to-video", prompt: "a lake", duration: 10, aspect_ratio: "9:16" },
});

function aRecord(changes: Partial<VideoRecord>): VideoRecord {
  return {
    id: "vid_a",
    attempts: [],
    output: [],
    createdMs: 1,
    submittedMs: null,
    duration: 10,
    ...changes,
  } as VideoRecord;
}

const progressAt = (phase: VideoRecord["phase"], elapsedMs = 0): number =>
  presentVideo(aRecord({ phase, submittedMs: 1_000 }), order, 1_000 + elapsedMs).progress;

test("progress never goes back on the way, and is whole only when the video is completed", () => {
  const way = [
    progressAt("queued"),
    progressAt("submitting"),
    ...[0, 20_000, 52_500, 105_000, 900_000].map((elapsedMs) => progressAt("generating", elapsedMs)),
    progressAt("archiving"),
    progressAt("completed"),
  ];
  expect(way).toEqual([0, 5, 10, 25, 50, 90, 90, 95, 100]);
  for (const phase of PHASES)
    expect([phase, progressAt(phase, 1e9) === 100]).toEqual([phase, phase === "completed"]);
});

test("the size is what was asked for until the file tells its own", () => {
  const file = { url: "", bucket: "", key: "", bytes: 1, sha256: "", content_type: "video/mp4" };
  const media = { width: 1080, height: 1920, duration_ms: 10_000, codec: "avc1" };
  const sizeOf = (changes: Partial<VideoRecord>) =>
    presentVideo(aRecord({ phase: "completed", ...changes }), order).size;
  expect(sizeOf({})).toBe("720x1280");
  expect(sizeOf({ output: [file] })).toBe("720x1280");
  expect(sizeOf({ output: [{ ...file, media }] })).toBe("1080x1920");
});
