import { valueAt, type Account } from "./account.ts";
import type { Run } from "./simulate.ts";

const WIDTH = 960;
const HEIGHT = 300;
const LEFT = 56;
const RIGHT = 16;
const TOP = 40;
const BOTTOM = 40;

/**
 * In flight (or accepted in the last minute, where the rate binds) against the hidden limit over the run, refusals as
 * ticks at the foot. One SVG that needs nothing else.
 */
export function plotRun(account: Account, run: Run, durationMs: number): string {
  const byRate = account.concurrency.every(([, limit]) => limit === null) || account.name.startsWith("E");
  const hidden = (atMs: number) =>
    (byRate ? valueAt(account.rate, atMs)?.perMinute : valueAt(account.concurrency, atMs)) ?? 0;
  const used = run.moments.map(({ atMs, inFlight, acceptedLastMinute }) => ({
    atMs,
    value: byRate ? acceptedLastMinute : inFlight,
  }));
  const limits = run.moments.map(({ atMs }) => ({ atMs, value: hidden(atMs) }));
  const most = Math.max(1, ...used.map(({ value }) => value), ...limits.map(({ value }) => value)) * 1.1;
  const x = (atMs: number) => LEFT + (atMs / durationMs) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - (value / most) * (HEIGHT - TOP - BOTTOM);
  const line = (points: { atMs: number; value: number }[]) =>
    points.map(({ atMs, value }) => `${x(atMs).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const foot = HEIGHT - BOTTOM;
  const step = [1, 2, 5, 10, 20, 50, 100, 200].find((size) => most / size <= 6) ?? 500;
  const levels = Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
  const minutes = Array.from({ length: durationMs / 600_000 + 1 }, (_, index) => index * 10);
  const measure = byRate ? "accepted in the last minute" : "tasks in flight";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${LEFT}" y="18" font-size="14" font-weight="bold">${account.name}: ${account.about}</text>
<text x="${LEFT}" y="33" fill="#1f5fa8">${measure}</text>
<text x="${LEFT + 190}" y="33" fill="#c0392b">hidden limit</text>
<text x="${LEFT + 290}" y="33" fill="#666">ticks below: refused calls (${run.refused} of ${run.submits})</text>
${levels.map((level) => `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(level).toFixed(1)}" y2="${y(level).toFixed(1)}" stroke="#e4e4e4"/><text x="${LEFT - 8}" y="${(y(level) + 4).toFixed(1)}" text-anchor="end" fill="#444">${level}</text>`).join("\n")}
${minutes.map((minute) => `<text x="${x(minute * 60_000).toFixed(1)}" y="${HEIGHT - 8}" text-anchor="middle" fill="#444">${minute}${minute === 0 ? " min" : ""}</text>`).join("\n")}
<polyline fill="none" stroke="#c0392b" stroke-width="1.5" points="${line(limits)}"/>
<polyline fill="none" stroke="#1f5fa8" stroke-width="1.2" points="${line(used)}"/>
<path stroke="#666" stroke-width="1" d="${run.refusedAtMs.map((atMs) => `M${x(atMs).toFixed(1)} ${foot + 4}v10`).join("")}"/>
</svg>
`;
}
