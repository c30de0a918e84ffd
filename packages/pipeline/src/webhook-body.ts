import type { Video } from "./video.ts";
import { webhookType, type WebhookEvent } from "./webhook-order.ts";

/** Standard Webhooks advises to stay below 20 kB. */
export const MAX_WEBHOOK_BYTES = 20_000;

const KEPT_CHARACTERS = 500;
const KEPT_FILES = 5;

/** What is left out of a body that is too long, in this order, until it fits. The whole is always at `GET /v1/videos/{id}`. */
const CUTS: readonly { field: string; cut: (video: Video) => object }[] = [
  // Stands in input as well.
  { field: "prompt", cut: ({ prompt }) => ({ prompt: shorten(prompt) }) },
  { field: "metadata", cut: () => ({ metadata: {} }) },
  { field: "input.prompt", cut: ({ input }) => ({ input: { ...input, prompt: shorten(input.prompt) } }) },
  { field: "input.negative_prompt", cut: ({ input }) => ({ input: without(input, "negative_prompt") }) },
  { field: "input.image_urls", cut: ({ input }) => ({ input: without(input, "image_urls") }) },
  {
    field: "error.message",
    cut: ({ error }) => ({ error: error && { ...error, message: shorten(error.message) } }),
  },
  { field: "output", cut: ({ output }) => ({ output: output.slice(0, KEPT_FILES) }) },
  { field: "input", cut: () => ({ input: {} }) },
];

/**
 * What is sent: `{type, timestamp, data}`, where `data` is the video as the api shows it. In a body that would be
 * longer than `MAX_WEBHOOK_BYTES` parts of the video are left out or shortened, and `data.truncated` names them.
 *
 * @param atMs when the event happened
 */
export function webhookBody(event: WebhookEvent, atMs: number, video: Video): string {
  const envelope = { type: webhookType(event), timestamp: new Date(atMs).toISOString() };
  let body = JSON.stringify({ ...envelope, data: video });
  let left = video;
  const truncated: string[] = [];
  for (const { field, cut } of CUTS) {
    if (fits(body)) return body;
    left = { ...left, ...cut(left) };
    truncated.push(field);
    body = JSON.stringify({ ...envelope, data: { ...left, truncated } });
  }
  if (fits(body)) return body;
  // No video is known to come here: names of accounts, tasks and files would have to be thousands of characters long.
  const { id, object, status, phase } = video;
  return JSON.stringify({ ...envelope, data: { id, object, status, phase, truncated: ["everything else"] } });
}

function fits(body: string): boolean {
  return new TextEncoder().encode(body).length <= MAX_WEBHOOK_BYTES;
}

function without(input: object, field: string): object {
  return Object.fromEntries(Object.entries(input).filter(([name]) => name !== field));
}

function shorten(text: string): string {
  return text.length > KEPT_CHARACTERS ? `${text.slice(0, KEPT_CHARACTERS).toWellFormed()}…` : text;
}
