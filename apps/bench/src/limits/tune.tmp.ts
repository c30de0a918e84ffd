import { SCENARIOS, withCallback, randomAccounts } from "./scenarios.ts";
import { simulate } from "./simulate.ts";
import { knownLimits } from "./contenders/known-limits.ts";
import { learned } from "./contenders/learned.ts";
import { readFileSync, writeFileSync, existsSync } from "node:fs";
// 20 sets x 60 accounts, known cached
const q = (xs: number[], p: number) => { const s = xs.toSorted((a, b) => a - b); const i = (s.length - 1) * p; const lo = Math.floor(i); return s[lo]! + ((s[Math.ceil(i)]! - s[lo]!) * (i - lo)); };
const sets = (process.argv[2] ?? "7,8,9,10,11,12,13,14").split(",").map(Number);
const cacheFile = "/tmp/known.json";
const cache = existsSync(cacheFile) ? JSON.parse(readFileSync(cacheFile, "utf8")) : {};
const U: number[] = [], W: number[] = []; const by: Record<string, number[]> = {}; const bad: [number, string][] = []; const byW: Record<string, number[]> = {};
let minS = "";
for (const set of [0, ...sets]) {
  const accounts = set === 0 ? [...SCENARIOS, ...SCENARIOS.map(withCallback)] : randomAccounts(60, set);
  const reps = set === 0 ? [1, 2, 3] : [1];
  for (const rep of reps) accounts.forEach((a, i) => {
    const seed = rep * 1000 + i;
    const key = `${set}/${i}/${seed}/${a.about}/${a.finish.by}/${a.generationMs}`;
    const known = (cache[key] ??= simulate(a, knownLimits, { seed, durationMs: 7200_000 }).accepted);
    const r = simulate(a, learned, { seed, durationMs: 7200_000 });
    const u = r.accepted / known, w = r.refused / r.submits;
    if (set === 0) { (by[`S${a.name}`] ??= []).push(u); (byW[`S${a.name}`] ??= []).push(w); return; }
    U.push(u); W.push(w);
    const k = /fixed/.test(a.about) ? "fixed" : /bucket/.test(a.about) ? "bucket" : "sliding";
    (by[k] ??= []).push(u); (by["h:" + a.hints] ??= []).push(u); if (a.refusalsCount) (by["counts"] ??= []).push(u); (by[a.about.includes("→") ? "change" : "steady"] ??= []).push(u);
    bad.push([u, `${set}#${a.name} ${a.about} ${a.hints}${a.refusalsCount ? " cnt" : ""} ${a.finish.by} seed ${seed} util ${u.toFixed(3)} waste ${(100 * w).toFixed(1)}%`]);
  });
}
writeFileSync(cacheFile, JSON.stringify(cache));
bad.sort((a, b) => a[0] - b[0]);
for (const [, line] of bad.slice(0, Number(process.env["BAD"] ?? 8))) console.log("  " + line);
console.log(Object.entries(by).map(([k, v]) => k.startsWith("S") ? `${k.slice(1)} ${Math.min(...v).toFixed(3)}/${(100 * Math.max(...byW[k]!)).toFixed(1)}` : `\n${k}: p50 ${q(v, 0.5).toFixed(3)} p10 ${q(v, 0.1).toFixed(3)} mean ${(v.reduce((a, b) => a + b) / v.length).toFixed(3)}`).join(" "));
console.log(`ALL n=${U.length}: util p50 ${q(U, 0.5).toFixed(4)} p10 ${q(U, 0.1).toFixed(4)} p5 ${q(U, 0.05).toFixed(3)} min ${q(U, 0).toFixed(3)} mean ${(U.reduce((a, b) => a + b) / U.length).toFixed(4)}  waste p50 ${(100 * q(W, 0.5)).toFixed(2)} p90 ${(100 * q(W, 0.9)).toFixed(2)} max ${(100 * q(W, 1)).toFixed(1)}`);
