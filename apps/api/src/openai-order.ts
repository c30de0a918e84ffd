import { z } from "zod";
import { MODEL, type Mode } from "@rushes/pipeline";
import { EXAMPLE_OPENAI_ORDER } from "./examples.ts";
import type { FieldError } from "./http-problem.ts";

/** What a model name means, without an image and with one; null = it needs one. */
const MODELS: Readonly<Record<string, { plain: Mode | null; withImage: Mode }>> = {
  [MODEL]: { plain: "master-text-to-video", withImage: "standard-image-to-video" },
  "kling-2-1-pro": { plain: null, withImage: "pro-image-to-video" },
  "kling-2-1-master": { plain: "master-text-to-video", withImage: "master-image-to-video" },
};
const MODEL_NAMES = Object.keys(MODELS) as [string, ...string[]];

const RATIOS = { "16:9": 16 / 9, "9:16": 9 / 16, "1:1": 1 } as const;
/** 1792x1024, one of that api's sizes, is 1.6 % off 16:9. */
const RATIO_TOLERANCE = 0.03;
const SIZE_RULE = "size must be WIDTHxHEIGHT in the shape of 16:9, 9:16 or 1:1, such as 1280x720";
const IMAGE_RULE =
  "input_reference must be an object with image_url: images are taken by their public URL only";

const SECONDS: readonly unknown[] = ["5", "10", 5, 10];

/** The form of a body as OpenAI's videos api takes it, for the documentation. */
export const openAiOrderSchema = z
  .strictObject({
    prompt: z.string(),
    model: z
      .enum(MODEL_NAMES)
      .default(MODEL)
      .describe(
        "kling-2-1: master text-to-video without an image, standard with one; kling-2-1-pro needs an image; kling-2-1-master takes either",
      ),
    seconds: z.union([z.enum(["5", "10"]), z.literal(5), z.literal(10)]).default("5"),
    size: z.string().optional().describe("Gives the aspect ratio; with an image it says nothing"),
    input_reference: z
      .strictObject({ image_url: z.string() })
      .optional()
      .describe("The image that the video begins with"),
  })
  .meta({ examples: [EXAMPLE_OPENAI_ORDER] });

/** Fields that no order of our own form has at its top. */
const OWN_FIELDS = ["prompt", "seconds", "size", "input_reference"];

export function isOpenAiForm(body: unknown): body is Record<string, unknown> {
  if (typeof body !== "object" || body === null || Array.isArray(body) || Object.hasOwn(body, "input"))
    return false;
  return OWN_FIELDS.some((field) => Object.hasOwn(body, field));
}

/**
 * The order that such a body means, still to be checked as every order is. What our own form has beside `input`
 * (`metadata`, `webhook_url`, …) may stand in it as well.
 */
export function readOpenAiForm(
  body: Readonly<Record<string, unknown>>,
): { order: Record<string, unknown> } | { errors: readonly FieldError[] } {
  const { model = MODEL, prompt, seconds = "5", size, input_reference: image, ...rest } = body;
  const errors: FieldError[] = [];

  const imageUrl = imageUrlOf(image);
  if (imageUrl === null) errors.push({ field: "input_reference", message: IMAGE_RULE });
  const modes = typeof model === "string" && Object.hasOwn(MODELS, model) ? MODELS[model] : undefined;
  if (!modes) errors.push({ field: "model", message: `model must be one of ${MODEL_NAMES.join(", ")}` });
  const mode = image === undefined ? modes?.plain : modes?.withImage;
  if (mode === null) {
    errors.push({
      field: "input_reference",
      message: `${String(model)} needs input_reference: it makes videos of an image`,
    });
  }
  const ratio = size === undefined ? undefined : ratioOf(size);
  if (ratio === null) errors.push({ field: "size", message: SIZE_RULE });
  const duration = Number(seconds);
  if (!SECONDS.includes(seconds)) errors.push({ field: "seconds", message: "seconds must be 5 or 10" });
  if (errors.length > 0) return { errors };

  const shape =
    image === undefined ? { ...(ratio ? { aspect_ratio: ratio } : {}) } : { image_urls: [imageUrl] };
  return { order: { ...rest, model: MODEL, input: { mode, prompt, duration, ...shape } } };
}

/** Undefined = there is none; null = what is there is no image by its URL. */
function imageUrlOf(image: unknown): unknown {
  if (image === undefined) return undefined;
  if (typeof image !== "object" || image === null || Array.isArray(image)) return null;
  const { image_url: url, ...rest } = image as Record<string, unknown>;
  return url === undefined || Object.keys(rest).length > 0 ? null : url;
}

function ratioOf(size: unknown): string | null {
  const [, width, height] =
    (typeof size === "string" ? /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(size) : null) ?? [];
  const ratio = Number(width) / Number(height);
  const found = Object.entries(RATIOS).find(([, one]) => Math.abs(ratio / one - 1) <= RATIO_TOLERANCE);
  return found?.[0] ?? null;
}

const FORM_NAMES: readonly (readonly [own: string, theirs: string])[] = [
  ["input.prompt", "prompt"],
  ["input.duration", "seconds"],
  ["input.aspect_ratio", "size"],
  ["input.image_urls", "input_reference.image_url"],
];

/** What is wrong with the order, said by the names that the caller has used. */
export function inOpenAiWords(errors: readonly FieldError[]): FieldError[] {
  return errors.map(({ field, message }) => {
    const found = FORM_NAMES.find(([own]) => field === own || field.startsWith(`${own}[`));
    return { field: found?.[1] ?? field, message };
  });
}
