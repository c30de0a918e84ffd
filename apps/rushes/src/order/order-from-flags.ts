import type { Json, Order } from "@rushes/client";
import { UsageProblem } from "../usage-problem.ts";

type Values = Readonly<Record<string, string | undefined>>;

/** The flags that say what is ordered, and the field of the order that each becomes. */
const FIELDS: Readonly<Record<string, string>> = {
  prompt: "input.prompt",
  mode: "input.mode",
  duration: "input.duration",
  image: "input.image_urls",
  "aspect-ratio": "input.aspect_ratio",
  "negative-prompt": "input.negative_prompt",
  "cfg-scale": "input.cfg_scale",
  priority: "priority",
  delay: "delay_s",
  "max-charges": "max_charges",
  metadata: "metadata",
  "webhook-url": "webhook_url",
  "webhook-events": "webhook_events",
};

export const ORDER_VALUES = {
  prompt: { takes: "text", about: "what is to be seen, 1 to 5,000 characters" },
  mode: {
    takes: "mode",
    about:
      "standard-, pro- or master-image-to-video, or master-text-to-video; unless given text for no image, standard for one, pro for two",
  },
  duration: { takes: "s", about: "5 or 10; 5 unless given" },
  image: { takes: "url", about: "a public image to begin with; a second one to end with", isRepeated: true },
  "aspect-ratio": { takes: "w:h", about: "16:9, 9:16 or 1:1, without images; 16:9 unless given" },
  "negative-prompt": { takes: "text", about: "what is not to be seen" },
  "cfg-scale": { takes: "n", about: "how closely the prompt is followed, 0 to 1" },
  priority: { takes: "n", about: "-100 to 100: among your own orders the higher one goes first" },
  delay: { takes: "s", about: "not submitted before so many seconds have passed" },
  "max-charges": { takes: "n", about: "how often it may be charged in all; 1 unless given" },
  metadata: { takes: "json", about: "an object that comes back with the video" },
  "webhook-url": { takes: "url", about: "where you are told how it ended" },
  "webhook-events": { takes: "names", about: "what to tell, by commas: completed,failed,late,…" },
} as const;

/** `--prompt` for `input.prompt`; the field itself where no flag stands for it. */
export function flagOfField(field: string): string {
  const plain = field.replace(/\[\d+\]$/, "");
  const flag = Object.keys(FIELDS).find((name) => FIELDS[name] === plain);
  return flag === undefined ? field : `--${flag}`;
}

/**
 * The order that the flags describe, or undefined when none of them is there. Without `--mode` it is the only one that
 * takes so many images, for one image the cheapest. Whether the order is valid is the api's to say.
 *
 * @throws UsageProblem for what cannot be read
 */
export function orderFromFlags(values: Values, images: readonly string[]): Order | undefined {
  const isGiven = images.length > 0 || Object.keys(FIELDS).some((flag) => values[flag] !== undefined);
  if (!isGiven) return undefined;
  const { prompt } = values as { prompt?: string };
  if (prompt === undefined) throw new UsageProblem("--prompt is missing: say what is to be seen.");
  const metadata = values["metadata"];
  const events = values["webhook-events"]?.split(",").map((name) => name.trim());
  const order = {
    input: given({
      mode: values["mode"] ?? MODE_BY_IMAGES[Math.min(images.length, 2)],
      prompt,
      duration: numberOf("duration", values) ?? 5,
      image_urls: images.length === 0 ? undefined : images,
      aspect_ratio: values["aspect-ratio"],
      negative_prompt: values["negative-prompt"],
      cfg_scale: numberOf("cfg-scale", values),
    }),
    ...given({
      priority: numberOf("priority", values),
      delay_s: numberOf("delay", values),
      max_charges: numberOf("max-charges", values),
      metadata: metadata === undefined ? undefined : parseMetadata(metadata),
      webhook_url: values["webhook-url"],
      webhook_events: events,
    }),
  };
  return order as unknown as Order;
}

const MODE_BY_IMAGES = ["master-text-to-video", "standard-image-to-video", "pro-image-to-video"] as const;

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** @throws UsageProblem */
export function numberOf(flag: string, values: Values): number | undefined {
  const text = values[flag];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new UsageProblem(`--${flag} takes a number.`);
  return value;
}

function parseMetadata(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new UsageProblem(`--metadata takes a JSON object: '{"shot": 12}'.`);
  }
}
