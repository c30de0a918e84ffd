import { z } from "zod";

/** What a job of ours holds. A job that a person made or edited by hand may hold anything. */
const shown = {
  video: z.string(),
  mode: z.string(),
  duration: z.number(),
  task: z.string(),
  prompt: z.string(),
  rev: z.number(),
  delivery: z.number(),
} as const;

/** The prompt on a job is an excerpt already; this is for data made by hand. */
const MOST_CHARACTERS = 500;

export type JobView = Partial<{
  video: string;
  /** The video at the api. */
  link: string;
  mode: string;
  /** Seconds. */
  duration: number;
  task: string;
  /** An excerpt, as plain text. */
  prompt: string;
  rev: number;
  /** In notify: which of the video's webhooks. */
  delivery: number;
}>;

/**
 * What an operator sees of a job's data: these fields and no others, whatever else may have got into it. Names and
 * types stay as the worker knows them, for Bull Board's editor writes back what it was shown.
 *
 * @param apiUrl where the api is, as a browser reaches it, without a slash at the end
 */
export function viewJobData(data: unknown, apiUrl: string): JobView {
  const fields = z.record(z.string(), z.unknown()).catch({}).parse(data);
  const view: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(shown)) {
    const { data: value } = schema.safeParse(fields[name]);
    if (value !== undefined) view[name] = typeof value === "string" ? shorten(value) : value;
    if (name === "video" && typeof value === "string") view["link"] = videoLink(value, apiUrl);
  }
  return view;
}

/** The line that stands for a job in a list: `vid_… · master-text-to-video · 10 s`. */
export function titleJob(job: { name?: string; data?: unknown }): string {
  const { video, mode, duration } = viewJobData(job.data, "");
  const parts = [video, mode, duration === undefined ? undefined : `${duration} s`];
  const title = parts.filter((part) => part !== undefined).join(" · ");
  return title === "" ? (job.name ?? "") : title;
}

/** Made from the id and never from a stored link: that may have been edited into one that runs a script. */
function videoLink(videoId: string, apiUrl: string): string {
  return `${apiUrl}/v1/videos/${encodeURIComponent(videoId.toWellFormed())}`;
}

function shorten(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS).toWellFormed()}…` : text;
}
