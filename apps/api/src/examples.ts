import type { OrderRequest, Video } from "@rushes/pipeline";
import type { ProblemDocument } from "./http-problem.ts";

/** What the documentation shows. Orders here can be ordered as they stand; a test does. */
export const EXAMPLE_ORDERS: readonly OrderRequest[] = [
  {
    input: {
      mode: "master-text-to-video",
      prompt: "A paper boat crosses a puddle in the rain",
      duration: 5,
      aspect_ratio: "16:9",
    },
    metadata: { shot: 12 },
  },
  {
    input: {
      mode: "standard-image-to-video",
      prompt: "The camera moves slowly towards the door",
      duration: 10,
      image_urls: ["https://images.example/door.jpg"],
    },
  },
];

export const EXAMPLE_OPENAI_ORDER = {
  model: "kling-2-1",
  prompt: "A paper boat crosses a puddle in the rain",
  seconds: "5",
  size: "1280x720",
};

export const EXAMPLE_VIDEO: Video = {
  id: "vid_01m86yp4hzd5c9j2120awz0hnr",
  object: "video",
  model: "kling-2-1",
  status: "completed",
  phase: "completed",
  late: false,
  input: {
    mode: "master-text-to-video",
    prompt: "A paper boat crosses a puddle in the rain",
    duration: 5,
    aspect_ratio: "16:9",
  },
  created_at: 1_795_530_000,
  submitted_at: 1_795_530_001,
  completed_at: 1_795_530_078,
  charges: 1,
  cost: { reserved_usd: 0, billed_usd: 1 },
  unconfirmed: null,
  adoption: null,
  rearchive: null,
  provider: { account: "default", task_id: "7b0f3a52c1", state: "success" },
  output: [
    {
      url: "s3://videos/2026/11/25/vid_01m86yp4hzd5c9j2120awz0hnr.mp4",
      bucket: "videos",
      key: "2026/11/25/vid_01m86yp4hzd5c9j2120awz0hnr.mp4",
      bytes: 4_182_733,
      sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      content_type: "video/mp4",
      media: { width: 1280, height: 720, duration_ms: 5_042, codec: "avc1" },
    },
  ],
  manifest: {
    url: "s3://videos/2026/11/25/vid_01m86yp4hzd5c9j2120awz0hnr.json",
    bucket: "videos",
    key: "2026/11/25/vid_01m86yp4hzd5c9j2120awz0hnr.json",
    bytes: 1_071,
    sha256: "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    content_type: "application/json",
  },
  error: null,
  metadata: { shot: 12 },
  progress: 100,
  prompt: "A paper boat crosses a puddle in the rain",
  seconds: "5",
  size: "1280x720",
  expires_at: null,
};

export const EXAMPLE_PROBLEM: ProblemDocument = {
  type: "/docs#invalid_order",
  title: "The order is not valid",
  status: 422,
  code: "invalid_order",
  detail: "The list errors names every field that is wrong. Nothing was ordered.",
  errors: [{ field: "input.duration", message: "duration must be the integer 5 or 10 (seconds)" }],
  request_id: "b4e0a3a2-6f5d-4a6f-9a43-0f3f8c1c9d52",
};

export const EXAMPLE_DELIVERY = {
  id: "vid_01m86yp4hzd5c9j2120awz0hnr_5",
  object: "delivery",
  event: "video.completed",
  state: "delivered",
  created_at: 1_795_530_078,
  next_at: null,
  attempts: [{ at: 1_795_530_078, duration_ms: 48, status: 200, error: null, response: "ok" }],
};

export const EXAMPLE_LIMITS = {
  object: "limits",
  account: "default",
  in_flight: 7,
  concurrency: 8,
  concurrency_is: "proven",
  requests_last_minute: 6,
  rate_per_minute: null,
  rate_is: "unknown",
  probing: null,
  rests_until: null,
  look_stretch: 1,
  set: {},
  closed: null,
  balance_usd: 74.87,
};

export const EXAMPLE_SUBMIT = {
  object: "submit",
  paused: true,
  paused_by: "ops",
  paused_at: 1_795_530_000,
};

export const EXAMPLE_OVERVIEW = {
  object: "overview",
  at: 1_795_530_100,
  submit: { object: "submit", paused: false, paused_by: null, paused_at: null },
  phases: {
    queued: { videos: 12, oldest_at: 1_795_530_020 },
    submitting: { videos: 1, oldest_at: 1_795_530_010 },
    unconfirmed: { videos: 1, oldest_at: 1_795_529_900 },
    generating: { videos: 6, oldest_at: 1_795_529_700 },
    archiving: { videos: 1, oldest_at: 1_795_529_640 },
    completed: { videos: 311, oldest_at: null },
    failed: { videos: 2, oldest_at: null },
    cancelled: { videos: 0, oldest_at: null },
  },
  late: 0,
  money: { today_usd: 87.4, reserved_usd: 19, billed_usd: 68.4, budget_usd: 250, unconfirmed_usd: 1 },
  archive: { oldest_result_at: 1_795_530_071, gone_at: 1_796_826_071 },
  webhooks_pending: 3,
  accounts: [EXAMPLE_LIMITS],
};

/** As many lists are answered. */
export function exampleList(item: unknown): { object: "list"; data: unknown[] } {
  return { object: "list", data: [item] };
}
