import { runChecks } from "./checks.mjs";
import { prepare, ROOT } from "./prepare.mjs";
import { addCounts, resultLine } from "./test-count.mjs";
import { runVitest } from "./vitest-run.mjs";

// What can be said in a minute, without Redis: the checks and the tests of pure code.
const { env } = await prepare({ redis: "none" });
const checks = await runChecks(ROOT, env);
const tests = await runVitest(ROOT, { env, args: ["--project", "unit"] });
const total = addCounts(checks, tests);
console.log(`\n${resultLine(total)}`);
process.exitCode = total.failed > 0 ? 1 : 0;
