import { argv } from "node:process";
import { BENCHMARKS } from "./commands.ts";

const [name = "", ...args] = argv.slice(2);
const benchmark = BENCHMARKS[name];
if (benchmark) {
  await benchmark.run(args);
} else {
  const list = Object.entries(BENCHMARKS).map(([known, { summary }]) => `  ${known.padEnd(12)} ${summary}`);
  console.log(["pnpm bench <name>", "", ...list].join("\n"));
  process.exitCode = name === "" ? 0 : 2;
}
