import { z } from "zod";
import { isLoopback } from "./private-host.ts";
import type { Mode } from "./price-list.ts";
import type { Shape } from "./sample-video.ts";
import type { Settings } from "./settings.ts";

/** A submit that keeps every documented rule. */
export type SubmitRequest = {
  mode: Mode;
  prompt: string;
  duration: 5 | 10;
  imageUrls: readonly string[];
  /** 16:9 where the mode or the caller has no say. */
  shape: Shape;
  /** null in polling mode. */
  callbackUrl: string | null;
};

/** How many reference images each mode takes: at least and at most. */
const IMAGE_COUNTS: Readonly<Record<Mode, readonly [number, number]>> = {
  "standard-image-to-video": [1, 1],
  "pro-image-to-video": [1, 2],
  "master-image-to-video": [1, 1],
  "master-text-to-video": [0, 0],
};
const MODES = [
  "standard-image-to-video",
  "pro-image-to-video",
  "master-text-to-video",
  "master-image-to-video",
] as const;
const SHAPES = ["16:9", "9:16", "1:1"] as const;

/** Counts code points, so that an emoji is one character. */
const atMost = (characters: number) => (text: string) =>
  text.length <= characters || Array.from(text).length <= characters;
const tooLong = { error: "Param length exceeded", params: { length: true } };

const inputSchema = z
  .looseObject({
    mode: z.enum(MODES),
    prompt: z.string().min(1).refine(atMost(5000), tooLong),
    duration: z.literal([5, 10]),
    image_urls: z.array(z.string().refine(isHttpUrl, { error: "Invalid parameter value" })).optional(),
    aspect_ratio: z.unknown().optional(),
    negative_prompt: z.string().refine(atMost(500), tooLong).optional(),
    cfg_scale: z.number().min(0).max(1).optional(),
  })
  .superRefine(({ mode, image_urls: images, aspect_ratio: shape }, context) => {
    const [least, most] = IMAGE_COUNTS[mode];
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    if (most === 0 && images !== undefined) refuse("image_urls", "Invalid parameter value");
    if (most > 0 && images === undefined) refuse("image_urls", "Missing required parameter");
    if (most > 0 && images !== undefined && images.length < least)
      refuse("image_urls", "Invalid parameter value");
    if (most > 0 && images !== undefined && images.length > most)
      refuse("image_urls", "Param length exceeded");
    if (most === 0 && shape !== undefined && !SHAPES.some((known) => known === shape)) {
      refuse(
        "aspect_ratio",
        typeof shape === "string" ? "Invalid parameter value" : "Invalid parameter type",
      );
    }
  });

const requestSchema = z
  .looseObject({
    request_type: z.enum(["async", "callback"]).default("async"),
    callback_url: z.string().optional(),
    input: inputSchema,
  })
  .superRefine(({ request_type: type, callback_url: url }, context) => {
    const refuse = (message: string) => context.addIssue({ code: "custom", path: ["callback_url"], message });
    if (type === "callback" && url === undefined) refuse("Missing required parameter");
    // Documented is public HTTPS. Plain HTTP is let through to this machine only, where tests listen.
    if (type === "callback" && url !== undefined && !isCallbackUrl(url)) refuse("Invalid parameter value");
  });

const KNOWN_FIELDS = new Set(Object.keys(requestSchema.shape));
const KNOWN_INPUT_FIELDS = new Set(Object.keys(inputSchema.shape));

/** Checks a submit's body. A text is the message of the 400: the documented failure, and the field. */
export function parseSubmitRequest(
  body: unknown,
  settings: Pick<Settings, "aspectRatioOnImages" | "unknownFields">,
): SubmitRequest | string {
  const parsed = requestSchema.safeParse(body, { reportInput: true });
  if (!parsed.success) return messageOf(parsed.error.issues);
  const { input, request_type: type, callback_url: callbackUrl } = parsed.data;

  if (settings.unknownFields === "refuse") {
    const unknown =
      Object.keys(parsed.data).find((name) => !KNOWN_FIELDS.has(name)) ??
      Object.keys(input).find((name) => !KNOWN_INPUT_FIELDS.has(name));
    if (unknown !== undefined) return `Invalid parameter value: ${unknown}`;
  }
  const isTextMode = input.mode === "master-text-to-video";
  if (!isTextMode && input.aspect_ratio !== undefined && settings.aspectRatioOnImages === "refuse") {
    return "Invalid parameter value: input.aspect_ratio";
  }
  return {
    mode: input.mode,
    prompt: input.prompt,
    duration: input.duration,
    imageUrls: input.image_urls ?? [],
    shape: (isTextMode && SHAPES.find((shape) => shape === input.aspect_ratio)) || "16:9",
    callbackUrl: type === "callback" ? (callbackUrl ?? null) : null,
  };
}

function messageOf(issues: readonly z.core.$ZodIssue[]): string {
  const [issue] = issues;
  if (issue === undefined) return "Invalid parameter value";
  const field = issue.path.join(".") || "body";
  return `${kindOf(issue)}: ${field}`;
}

function kindOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "custom") return issue.message;
  if (issue.input === undefined) return "Missing required parameter";
  return issue.code === "invalid_type" ? "Invalid parameter type" : "Invalid parameter value";
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isCallbackUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
}
