const { runSeed } = await import("/work/main/apps/proof/src/run-seed.ts");
const t = Date.now();
const v = await runSeed({ seed: Number(process.argv[2] ?? 1), orders: Number(process.argv[3] ?? 40), faults: Number(process.argv[4] ?? 0), workers: Number(process.argv[6] ?? 3), callbacks: process.argv[5] === "off" ? "off" : { dropShare: Number(process.argv[5] ?? 0) }, out: "/tmp/proof-out" });
console.log((Date.now() - t) / 1000, "s; calm", (v.facts.calmAt - v.facts.startedAt) / 1000, "drain", v.facts.drainedAt === null ? null : (v.facts.drainedAt - v.facts.calmAt) / 1000);
const { takeoverMs, ...rest } = v.figures;
console.log(JSON.stringify(rest), takeoverMs.sort((a: number, b: number) => a - b).join(" "));
for (const f of v.findings.slice(0, 20)) console.log(f.invariant, f.about, f.says);
