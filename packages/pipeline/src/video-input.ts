import { z } from "zod";

/**
 * What may be asked of Kling 2.1: four modes, told apart by `mode`. The rules are those of APIXO's page of the
 * model (lengths, image counts, durations, aspect ratios); `negative_prompt` ≤ 500 and `cfg_scale` 0–1 come from
 * an older page of theirs.
 */
export const MAX_PROMPT_CHARACTERS = 5000;
export const MAX_NEGATIVE_PROMPT_CHARACTERS = 500;

/** Counts what a person would call characters less surprisingly than UTF-16 units: code points. */
function characters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

const text = (field: string, most: number) =>
  z
    .string({ error: `${field} must be a string` })
    .refine((value) => characters(value) <= most, { error: `${field} must have at most ${most} characters` })
    .refine((value) => !hasLoneSurrogate(value), { error: `${field} must be well-formed Unicode text` });

function hasLoneSurrogate(value: string): boolean {
  return !value.isWellFormed();
}

const prompt = text("prompt", MAX_PROMPT_CHARACTERS).refine((value) => value.trim().length > 0, {
  error: "prompt must not be empty",
});

const duration = z.union([z.literal(5), z.literal(10)], {
  error: "duration must be the integer 5 or 10 (seconds)",
});

const imageUrl = z
  .string({ error: "an image URL must be a string" })
  .max(2048, { error: "an image URL must have at most 2048 characters" })
  .refine(isHttpUrl, { error: "an image URL must be a public http or https URL without a user name" });

function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return (
    (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === ""
  );
}

const exactlyOneImage = z
  .array(imageUrl, { error: "this mode needs image_urls: a list with exactly 1 URL" })
  .length(1, { error: "this mode takes exactly 1 image URL" });
const oneOrTwoImages = z
  .array(imageUrl, { error: "this mode needs image_urls: a list with 1 or 2 URLs (start frame, end frame)" })
  .min(1, { error: "this mode takes 1 or 2 image URLs (start frame, end frame)" })
  .max(2, { error: "this mode takes 1 or 2 image URLs (start frame, end frame)" });

const noImages = z
  .undefined({ error: "master-text-to-video takes no images: leave image_urls out" })
  .optional();
const noAspectRatio = z
  .undefined({ error: "aspect_ratio means something for master-text-to-video only: leave it out" })
  .optional();

const tuning = {
  negative_prompt: text("negative_prompt", MAX_NEGATIVE_PROMPT_CHARACTERS).optional(),
  cfg_scale: z
    .number({ error: "cfg_scale must be a number from 0 to 1" })
    .min(0, { error: "cfg_scale must be a number from 0 to 1" })
    .max(1, { error: "cfg_scale must be a number from 0 to 1" })
    .optional(),
};

const imageMode = <Name extends string, Images extends z.ZodType>(mode: Name, images: Images) =>
  z.strictObject({
    mode: z.literal(mode),
    prompt,
    duration,
    image_urls: images,
    aspect_ratio: noAspectRatio,
    ...tuning,
  });

export const videoInputSchema = z.discriminatedUnion(
  "mode",
  [
    imageMode("standard-image-to-video", exactlyOneImage),
    imageMode("pro-image-to-video", oneOrTwoImages),
    imageMode("master-image-to-video", exactlyOneImage),
    z.strictObject({
      mode: z.literal("master-text-to-video"),
      prompt,
      duration,
      image_urls: noImages,
      // The provider's default is 16:9 by an older page only, so one is always sent.
      aspect_ratio: z
        .enum(["16:9", "9:16", "1:1"], { error: "aspect_ratio must be one of 16:9, 9:16, 1:1" })
        .default("16:9"),
      ...tuning,
    }),
  ],
  {
    error:
      "mode must be one of standard-image-to-video, pro-image-to-video, master-image-to-video, master-text-to-video",
  },
);

/** A valid input: `mode` decides which other fields exist. */
export type VideoInput = z.output<typeof videoInputSchema>;

export const MODES = [
  "standard-image-to-video",
  "pro-image-to-video",
  "master-image-to-video",
  "master-text-to-video",
] as const satisfies readonly VideoInput["mode"][];
export type Mode = VideoInput["mode"];
export type DurationSeconds = VideoInput["duration"];
