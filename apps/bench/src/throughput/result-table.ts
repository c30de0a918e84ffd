import { median } from "../quantile.ts";
import type { RoundResult } from "./round.ts";

type Group = { title: string; results: readonly RoundResult[] };

/** The measured rounds of one kind: the control, Rushes with few waiting, Rushes with many. */
function groupsOf(results: readonly RoundResult[]): Group[] {
  const kinds = new Map<string, RoundResult[]>();
  for (const result of results) {
    const title = `${result.side === "raw" ? "raw BullMQ" : "Rushes"}, ${result.waiting} waiting`;
    kinds.set(title, [...(kinds.get(title) ?? []), result]);
  }
  return [...kinds]
    .map(([title, ofKind]) => ({ title, results: ofKind }))
    .toSorted((a, b) => rank(a) - rank(b));
}

function rank({ results }: Group): number {
  const [first] = results;
  return first ? (first.side === "raw" ? 0 : 1) * 1e9 + first.waiting : 0;
}

/** Videos a second: median and spread of each kind, and its share of the control. */
export function rateTable(results: readonly RoundResult[]): string {
  const groups = groupsOf(results);
  const rateOf = (group: Group | undefined): number =>
    median((group?.results ?? []).map(({ videosPerSecond }) => videosPerSecond));
  return table(
    ["videos per second", "median", "lowest", "highest", "of raw"],
    groups.map((group) => {
      const rates = group.results.map(({ videosPerSecond }) => videosPerSecond);
      return [
        group.title,
        rateOf(group).toFixed(0),
        Math.min(...rates).toFixed(0),
        Math.max(...rates).toFixed(0),
        (rateOf(group) / rateOf(groups[0])).toFixed(2),
      ];
    }),
  );
}

/** What one video costs: medians of each kind. */
export function costTable(results: readonly RoundResult[]): string {
  const columns = [
    ["commands sent", (one: RoundResult) => one.perVideo.commandsSent, 1],
    ["of these scripts", (one: RoundResult) => one.perVideo.scripts, 1],
    ["commands in Redis", (one: RoundResult) => one.perVideo.commands, 0],
    ["Redis CPU ms", (one: RoundResult) => one.perVideo.redisCpuMs, 3],
    ["Node CPU ms", (one: RoundResult) => one.perVideo.nodeCpuMs, 3],
  ] as const;
  return table(
    ["per video", ...columns.map(([title]) => title)],
    groupsOf(results).map(({ title, results: ofKind }) => [
      title,
      ...columns.map(([, read, decimals]) => median(ofKind.map(read)).toFixed(decimals)),
    ]),
  );
}

/** Redis' own count of the last round of each kind: calls and microseconds per video. A script's time holds what it calls. */
export function commandTable(results: readonly RoundResult[]): string {
  return groupsOf(results)
    .map(({ title, results: ofKind }) => {
      const last = ofKind.at(-1);
      const videos = (last?.redis.scripts ?? 0) / (last?.perVideo.scripts ?? 1);
      const rows = (last?.redis.byCommand ?? []).map(({ name, calls, micros }) => [
        name,
        (calls / videos).toFixed(2),
        (micros / videos).toFixed(1),
      ]);
      return table([title, "calls", "microseconds"], rows);
    })
    .join("\n\n");
}

/** The two demands, and whether this run met them. */
export function verdict(results: readonly RoundResult[]): string {
  const [raw, few, many] = groupsOf(results).map((group) =>
    median(group.results.map(({ videosPerSecond }) => videosPerSecond)),
  );
  const lines = [];
  if (raw && few) {
    const share = few / raw;
    lines.push(`${share.toFixed(2)} of raw BullMQ; wanted at least 0.5: ${share >= 0.5 ? "met" : "missed"}`);
  }
  if (few && many) {
    const change = many / few - 1;
    lines.push(
      `${(change * 100).toFixed(1)} % with many waiting; wanted within 10 %: ${Math.abs(change) <= 0.1 ? "met" : "missed"}`,
    );
  }
  return lines.join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join(
    "\n",
  );
}
