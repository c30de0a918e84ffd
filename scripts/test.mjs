import { runChecks } from "./checks.mjs";
import { prepare, ROOT } from "./prepare.mjs";
import { addCounts, resultLine } from "./test-count.mjs";
import { runVitest } from "./vitest-run.mjs";

/** Everything together, the preparation included, ends within a quarter of an hour; this leaves time to say so. */
const LIMIT_MS = 14.5 * 60_000;
/** When even that does not help, something outside the tests hangs. */
const LAST_LIMIT_MS = LIMIT_MS + 15_000;

const NOTHING = { passed: 0, failed: 0, skipped: 0 };

const limit = AbortSignal.timeout(LIMIT_MS);
setTimeout(() => {
  console.log(`The time is over.\n\n${resultLine({ passed: 0, failed: 1 })}`);
  process.exit(1);
}, LAST_LIMIT_MS).unref();
const { env } = await prepare({ redis: "program" });
const checks = await runChecks(ROOT, env);
const filters = process.argv.slice(2);
const args = ["--project", "unit", "--project", "system", ...filters];
const tests = await runVitest(ROOT, { env, args, limit });
// The slice of the proof has the machine for itself: whole systems under faults. The whole is `pnpm prove`.
const proof =
  filters.length === 0 ? await runVitest(ROOT, { env, args: ["--project", "proof"], limit }) : NOTHING;
const total = addCounts(addCounts(checks, tests), proof);
console.log(`\n${resultLine(total)}`);
process.exitCode = total.failed > 0 ? 1 : 0;
