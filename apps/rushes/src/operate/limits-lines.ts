import type { ApiLimits } from "./api-limits.ts";

const WIDTHS = [16, 12, 22, 14, 22, 16] as const;

const row = (cells: readonly string[]): string =>
  cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join("")
    .trimEnd();

/** A table, one line per account. */
export function limitsLines(accounts: readonly ApiLimits[]): string[] {
  if (accounts.length === 0) return ["No worker has named an account yet."];
  return [
    row(["account", "in flight", "at most", "last minute", "at most", "state"]),
    ...accounts.map(lineOf),
  ];
}

function lineOf(limits: ApiLimits): string {
  return row([
    limits.account,
    String(limits.in_flight),
    limitText(limits.concurrency, limits.concurrency_is),
    String(limits.requests_last_minute),
    limitText(limits.rate_per_minute, limits.rate_is),
    stateText(limits),
  ]);
}

function limitText(limit: number | null, certainty: string): string {
  return limit === null ? "not known yet" : `${Number(limit.toFixed(1))} (${certainty})`;
}

function stateText({ closed, probing, look_stretch: stretch }: ApiLimits): string {
  if (closed !== null) return `closed: ${closed}`;
  if (stretch > 1.05) return `open, looks ${stretch.toFixed(1)} times as far apart`;
  return probing === null ? "open" : "open, one call tests the limit";
}
