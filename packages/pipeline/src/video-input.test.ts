import { describe, expect, test } from "vitest";
import { orderSchema } from "./order.ts";
import { MODES, videoInputSchema } from "./video-input.ts";

const IMAGE = "https://example.com/a.jpg";
const text = { mode: "master-text-to-video", prompt: "a drone over a city", duration: 5 };
const image = { mode: "standard-image-to-video", prompt: "a still life", duration: 10, image_urls: [IMAGE] };

/** The fields that are named as wrong, with what is said of each. */
function problemsOf(input: unknown): Record<string, string> {
  const parsed = videoInputSchema.safeParse(input);
  return Object.fromEntries(
    (parsed.error?.issues ?? []).map((issue) => [issue.path.join("."), issue.message]),
  );
}

describe("what is taken", () => {
  test.each(MODES)("%s in both durations", (mode) => {
    for (const duration of [5, 10]) {
      const input = mode === "master-text-to-video" ? { ...text, duration } : { ...image, mode, duration };
      expect(videoInputSchema.safeParse(input).success).toBe(true);
    }
  });

  test("pro-image-to-video takes a start and an end frame", () => {
    expect(problemsOf({ ...image, mode: "pro-image-to-video", image_urls: [IMAGE, IMAGE] })).toEqual({});
  });

  test("text-to-video always has an aspect ratio, 16:9 unless said otherwise", () => {
    expect(videoInputSchema.parse(text)).toMatchObject({ aspect_ratio: "16:9" });
    expect(videoInputSchema.parse({ ...text, aspect_ratio: "9:16" })).toMatchObject({ aspect_ratio: "9:16" });
  });

  test("lengths count characters, not UTF-16 units", () => {
    expect(problemsOf({ ...text, prompt: "🎬".repeat(5000) })).toEqual({});
    expect(Object.keys(problemsOf({ ...text, prompt: "🎬".repeat(5001) }))).toEqual(["prompt"]);
  });

  test("the limits of optional fields are inside", () => {
    for (const cfg of [0, 0.5, 1]) {
      expect(problemsOf({ ...text, cfg_scale: cfg, negative_prompt: "x".repeat(500) })).toEqual({});
    }
  });
});

describe("what is refused, with the field that is wrong", () => {
  const table: [string, unknown, string][] = [
    ["no mode", { ...text, mode: undefined }, "mode"],
    ["an unknown mode", { ...text, mode: "ultra" }, "mode"],
    ["no prompt", { ...text, prompt: undefined }, "prompt"],
    ["an empty prompt", { ...text, prompt: "" }, "prompt"],
    ["a prompt of blanks", { ...text, prompt: " \n\t" }, "prompt"],
    ["a prompt that is a number", { ...text, prompt: 5 }, "prompt"],
    ["a prompt of 5001 characters", { ...text, prompt: "x".repeat(5001) }, "prompt"],
    ["a prompt with half a surrogate pair", { ...text, prompt: "a\ud800b" }, "prompt"],
    ["no duration", { ...text, duration: undefined }, "duration"],
    ["another duration", { ...text, duration: 7 }, "duration"],
    ["a duration in quotes", { ...text, duration: "5" }, "duration"],
    ["text-to-video with images", { ...text, image_urls: [IMAGE] }, "image_urls"],
    ["text-to-video with an empty image list", { ...text, image_urls: [] }, "image_urls"],
    ["an unknown aspect ratio", { ...text, aspect_ratio: "4:3" }, "aspect_ratio"],
    ["an image mode without images", { ...image, image_urls: undefined }, "image_urls"],
    ["an image mode with no image in the list", { ...image, image_urls: [] }, "image_urls"],
    ["two images for standard", { ...image, image_urls: [IMAGE, IMAGE] }, "image_urls"],
    [
      "two images for master",
      { ...image, mode: "master-image-to-video", image_urls: [IMAGE, IMAGE] },
      "image_urls",
    ],
    [
      "three images for pro",
      { ...image, mode: "pro-image-to-video", image_urls: [IMAGE, IMAGE, IMAGE] },
      "image_urls",
    ],
    ["no image for pro", { ...image, mode: "pro-image-to-video", image_urls: [] }, "image_urls"],
    ["an image that is no URL", { ...image, image_urls: ["cat.jpg"] }, "image_urls.0"],
    ["an image in a file URL", { ...image, image_urls: ["file:///etc/passwd"] }, "image_urls.0"],
    [
      "an image URL with a password",
      { ...image, image_urls: ["https://me:secret@example.com/a.jpg"] },
      "image_urls.0",
    ],
    ["an aspect ratio on an image mode", { ...image, aspect_ratio: "16:9" }, "aspect_ratio"],
    ["a negative prompt of 501 characters", { ...text, negative_prompt: "x".repeat(501) }, "negative_prompt"],
    ["cfg_scale below 0", { ...text, cfg_scale: -0.1 }, "cfg_scale"],
    ["cfg_scale above 1", { ...text, cfg_scale: 1.1 }, "cfg_scale"],
    ["cfg_scale that is no number", { ...text, cfg_scale: "0.5" }, "cfg_scale"],
    ["cfg_scale that is not finite", { ...text, cfg_scale: Number.NaN }, "cfg_scale"],
  ];
  test.each(table)("%s", (_, input, field) => {
    const problems = problemsOf(input);
    expect(Object.keys(problems)).toEqual([field]);
    expect(problems[field]?.length).toBeGreaterThan(10);
  });

  test("a field that nobody knows, by its name", () => {
    const parsed = videoInputSchema.safeParse({ ...text, promt: "typo" });
    expect(parsed.error?.issues).toMatchObject([{ code: "unrecognized_keys", keys: ["promt"] }]);
  });

  test("several problems at once", () => {
    expect(Object.keys(problemsOf({ ...text, prompt: "", duration: 6, cfg_scale: 9 })).toSorted()).toEqual([
      "cfg_scale",
      "duration",
      "prompt",
    ]);
  });
});

describe("the order around it", () => {
  test("leaves nothing open: every default is filled in", () => {
    expect(orderSchema.parse({ input: text })).toEqual({
      input: { ...text, aspect_ratio: "16:9" },
      model: "kling-2-1",
      priority: 0,
      delay_s: 0,
      max_charges: 1,
      metadata: {},
    });
  });

  const table: [string, Record<string, unknown>, string][] = [
    ["another model", { model: "kling-3" }, "model"],
    ["a priority that is no integer", { priority: 0.5 }, "priority"],
    ["a priority beyond 100", { priority: 101 }, "priority"],
    ["a negative delay", { delay_s: -1 }, "delay_s"],
    ["a delay of years", { delay_s: 1e9 }, "delay_s"],
    ["no charge at all", { max_charges: 0 }, "max_charges"],
    ["too many charges", { max_charges: 11 }, "max_charges"],
    ["metadata that is a list", { metadata: [] }, "metadata"],
    ["metadata beyond 8 kB", { metadata: { a: "x".repeat(9000) } }, "metadata"],
  ];
  test.each(table)("refuses %s", (_, extra, field) => {
    const issues = orderSchema.safeParse({ input: text, ...extra }).error?.issues ?? [];
    expect(issues.map((issue) => issue.path.join("."))).toEqual([field]);
  });
});
