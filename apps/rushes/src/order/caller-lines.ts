import type { Delivery, Estimate, Video } from "@rushes/client";
import { dollarText, excerpt, minuteOf, printable } from "../operate/video-lines.ts";

const WIDTHS = [30, 16, 11, 8, 0] as const;

export const LIST_HEADING = row(["VIDEO", "ORDERED (UTC)", "PHASE", "COST", "PROMPT"]);

/** One line of the table of videos. */
export function listLine({ id, created_at, phase, cost, input }: Video): string {
  const price = dollarText(cost.billed_usd + cost.reserved_usd);
  return row([id, minuteOf(created_at), phase, price, excerpt(input.prompt)]);
}

/** How a video ended, and where its files are. */
export function endLine({ id, status, output, error }: Video): string {
  if (status === "completed")
    return [`${id} completed`, ...output.map(({ url }) => printable(url))].join("  ");
  return error ? `${id} ${status}  ${printable(`${error.code}: ${error.message}`)}` : `${id} ${status}`;
}

export function estimateLine({ estimate_usd, would_exceed_budget, queue_ahead, eta_s }: Estimate): string {
  const time = eta_s === null ? "the time cannot be said yet" : `done in about ${eta_s} s`;
  const budget = would_exceed_budget ? "; today's budget does not allow it" : "";
  return `${dollarText(estimate_usd)}, ${queue_ahead} ahead, ${time}${budget}`;
}

export function deliveryLine({ id, event, state, attempts }: Delivery): string {
  const last = attempts.at(-1);
  const answer = last === undefined ? "" : `, last ${last.status ?? last.error?.code ?? "without an answer"}`;
  return `${id}  ${event}  ${state}, ${attempts.length} attempts${answer}`;
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join("  ")
    .trimEnd();
}
