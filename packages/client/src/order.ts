/** What may be ordered besides what only one mode has. */
type CommonInput = {
  /** 1 to 5,000 characters. */
  prompt: string;
  /** Seconds. */
  duration: 5 | 10;
  /** At most 500 characters. */
  negative_prompt?: string | undefined;
  /** 0 to 1. */
  cfg_scale?: number | undefined;
};

/** One or two public addresses of images, as many as the mode takes. */
type FromImages<Mode extends string> = CommonInput & {
  mode: Mode;
  image_urls: string[];
  aspect_ratio?: undefined;
};

/** The video that is wanted; `mode` decides which other fields exist. */
export type OrderInput =
  | FromImages<"standard-image-to-video">
  /** Takes two images: where it starts, and where it ends. */
  | FromImages<"pro-image-to-video">
  | FromImages<"master-image-to-video">
  | (CommonInput & {
      mode: "master-text-to-video";
      image_urls?: undefined;
      /** `16:9` unless given. */
      aspect_ratio?: "16:9" | "9:16" | "1:1" | undefined;
    });

/** What a caller can be told of; with or without `video.` in front. */
export type WebhookEventName = "submitted" | "late" | "unconfirmed" | "completed" | "failed" | "cancelled";

/** Any JSON. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** The body of `POST /v1/videos`. */
export type Order = {
  input: OrderInput;
  model?: "kling-2-1" | undefined;
  /** −100 to 100: among your own orders the higher one goes first. */
  priority?: number | undefined;
  /** Not submitted before so many seconds have passed. */
  delay_s?: number | undefined;
  /** How often the video may be charged in all, 1 to 10; 1 unless given. */
  max_charges?: number | undefined;
  /** Comes back with the video; at most 8 KiB as JSON. */
  metadata?: Record<string, Json> | undefined;
  /** Where you are told how it ended; see `verifyWebhook`. */
  webhook_url?: string | undefined;
  /** The three ends, unless you name some of them; the others only when named. */
  webhook_events?: (WebhookEventName | `video.${WebhookEventName}`)[] | undefined;
};

/** What a dry run answers: nothing was ordered. */
export type Estimate = {
  /** Of one charge. */
  estimate_usd: number;
  would_exceed_budget: boolean;
  /** Videos whose turn comes before. */
  queue_ahead: number;
  /** Seconds until it would be completed; null while that cannot be said. */
  eta_s: number | null;
};
