import type { Video } from "@rushes/client";
import type { ApiVideo } from "./api-video.ts";

const EXCERPT_CHARACTERS = 40;
const COLUMNS = ["VIDEO", "SINCE (UTC)", "AT STAKE", "ACCOUNT", "ATTEMPTS", "PROMPT"] as const;
/** An id has 30 characters, a time 16; names of accounts may be longer than their column. */
const WIDTHS = [30, 16, 8, 10, 8, 0] as const;

export const UNCONFIRMED_HEADING = row(COLUMNS);

/** One line of the table of unconfirmed videos. */
export function unconfirmedLine(video: ApiVideo): string {
  const { unconfirmed, provider, input } = video;
  return row([
    video.id,
    minuteOf(unconfirmed?.since ?? video.created_at),
    dollarText(unconfirmed?.at_stake_usd ?? 0),
    provider.account ?? "-",
    unconfirmed ? `${unconfirmed.attempts} of ${unconfirmed.max_charges}` : "-",
    excerpt(input.prompt),
  ]);
}

/** What is shown of a video. */
type Shown = Pick<
  Video,
  | "id"
  | "phase"
  | "late"
  | "created_at"
  | "charges"
  | "cost"
  | "unconfirmed"
  | "adoption"
  | "rearchive"
  | "provider"
> & {
  input: Pick<Video["input"], "mode" | "duration" | "prompt">;
  output: readonly { url: string }[];
  error: { code: string; message: string } | null;
};

/** What a person wants to know of one video, a line each. */
export function statusLines(video: Shown): string[] {
  const { input, cost, unconfirmed, adoption, rearchive, provider, output, error } = video;
  const facts: (readonly [string, string] | null)[] = [
    ["phase", video.late ? `${video.phase}, late` : video.phase],
    ["ordered", `${input.mode}, ${input.duration} s, ${minuteOf(video.created_at)} UTC`],
    ["prompt", excerpt(input.prompt)],
    [
      "charges",
      `${video.charges}, ${dollarText(cost.billed_usd)} billed, ${dollarText(cost.reserved_usd)} reserved`,
    ],
    provider.account === null ? null : ["account", provider.account],
    provider.task_id === null ? null : ["task", printable(provider.task_id)],
    unconfirmed && [
      "in doubt",
      `${dollarText(unconfirmed.at_stake_usd)} since ${minuteOf(unconfirmed.since)} UTC, ${unconfirmed.attempts} attempts, at most ${unconfirmed.max_charges} charges`,
    ],
    adoption && ["adoption", printable(`${adoption.task_id}: ${adoption.message}`)],
    rearchive && ["rearchive", printable(rearchive.message)],
    error && ["error", printable(`${error.code}: ${error.message}`)],
    ...output.map(({ url }) => ["file", printable(url)] as const),
  ];
  const lines = facts.flatMap((fact) => (fact ? [`  ${fact[0].padEnd(10)}${fact[1]}`] : []));
  return [video.id, ...lines];
}

/** `0.35` → `$0.35`. */
export function dollarText(dollars: number): string {
  return `$${dollars.toFixed(2)}`;
}

/** Without what a terminal would obey, or what would turn the text around: prompts are written by strangers. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").replaceAll(/\p{Cf}/gu, "");
}

export function excerpt(prompt: string): string {
  const characters = Array.from(printable(prompt));
  return characters.length > EXCERPT_CHARACTERS
    ? `${characters.slice(0, EXCERPT_CHARACTERS).join("")}…`
    : characters.join("");
}

export function minuteOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join("  ")
    .trimEnd();
}
