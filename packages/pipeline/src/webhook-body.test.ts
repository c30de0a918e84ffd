import { expect, test } from "vitest";
import { orderSchema } from "./order.ts";
import type { Video } from "./video.ts";
import { MAX_WEBHOOK_BYTES, webhookBody } from "./webhook-body.ts";

const AT_MS = Date.parse("2026-11-24T08:00:00.250Z");

function aVideo(changes: Partial<Video> = {}, input: object = {}): Video {
  const order = orderSchema.parse({
    input: {
      mode: "pro-image-to-video",
      prompt: "a lake",
      duration: 5,
      image_urls: ["https://images.example/a.jpg"],
      ...input,
    },
  });
  return {
    id: "vid_a",
    object: "video",
    model: "kling-2-1",
    status: "completed",
    phase: "completed",
    late: false,
    input: order.input,
    created_at: 1,
    submitted_at: 2,
    completed_at: 3,
    charges: 1,
    cost: { reserved_usd: 0, billed_usd: 0.35 },
    unconfirmed: null,
    adoption: null,
    provider: { account: "main", task_id: "task-1", state: "success" },
    manifest: null,
    rearchive: null,
    output: [],
    error: null,
    metadata: { shot: 7 },
    progress: 100,
    prompt: order.input.prompt,
    seconds: "5",
    size: null,
    expires_at: null,
    ...changes,
  };
}

const bytesOf = (body: string): number => new TextEncoder().encode(body).length;
const cutsOf = (body: string): string[] | undefined => JSON.parse(body).data.truncated;

test("says what happened, when, and to which video", () => {
  const body = JSON.parse(webhookBody("completed", AT_MS, aVideo()));
  expect(body).toEqual({
    type: "video.completed",
    timestamp: "2026-11-24T08:00:00.250Z",
    data: aVideo(),
  });
});

const METADATA = { notes: "n".repeat(8_000) };
const FILE = {
  url: "u",
  bucket: "b",
  key: "k".repeat(900),
  bytes: 1,
  sha256: "00",
  content_type: "video/mp4",
};
const URLS = ["a", "b"].map((name) => `https://images.example/${name.repeat(2_000)}`);

test.each([
  [
    "the prompt's repetition, then metadata",
    aVideo({ metadata: METADATA }, { prompt: "ä".repeat(5_000), negative_prompt: "🎬".repeat(500) }),
    ["prompt", "metadata"],
  ],
  [
    "then the prompt itself",
    aVideo({}, { prompt: "🎬".repeat(5_000) }),
    ["prompt", "metadata", "input.prompt"],
  ],
  [
    "then what else the order holds",
    aVideo(
      { output: Array.from({ length: 16 }, () => FILE) },
      { negative_prompt: "🎬".repeat(500), image_urls: URLS },
    ),
    ["prompt", "metadata", "input.prompt", "input.negative_prompt", "input.image_urls"],
  ],
  [
    "then a long error and many files",
    aVideo({
      output: Array.from({ length: 30 }, () => FILE),
      error: { code: "c", class: "unknown", message: "m".repeat(30_000) },
    }),
    [
      "prompt",
      "metadata",
      "input.prompt",
      "input.negative_prompt",
      "input.image_urls",
      "error.message",
      "output",
    ],
  ],
])("a body that would be too long loses parts in order, and says so: %s", (_, video, cuts) => {
  const body = webhookBody("completed", AT_MS, video);
  expect(bytesOf(body)).toBeLessThanOrEqual(MAX_WEBHOOK_BYTES);
  expect(cutsOf(body)).toEqual(cuts);
  expect(JSON.parse(body).data).toMatchObject({ id: "vid_a", status: "completed", charges: 1 });
});

test("whatever is in a video, the body fits and names it", () => {
  const video = aVideo({ provider: { account: "main", task_id: "t".repeat(50_000), state: null } });
  const body = webhookBody("failed", AT_MS, video);
  expect(bytesOf(body)).toBeLessThanOrEqual(MAX_WEBHOOK_BYTES);
  expect(JSON.parse(body)).toMatchObject({
    type: "video.failed",
    data: { id: "vid_a", status: "completed" },
  });
});
