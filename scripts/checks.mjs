import { lastLines, runQuietly } from "./run-command.mjs";

/** What is checked without running the program. Each counts as one result, like a test. */
const CHECKS = [
  { name: "format", command: "oxfmt", args: ["--check", "."] },
  { name: "lint", command: "oxlint", args: ["--type-aware"] },
  { name: "types", command: "tsc", args: ["-p", "tsconfig.json"] },
  { name: "boundaries", command: "node", args: ["scripts/boundaries.mjs"] },
];

/** A check that fails badly says enough in this many lines. */
const SHOWN_LINES = 80;

/**
 * Runs every check, one after the other, and says how each ended; what a failing one printed is shown.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runChecks(root, env) {
  const counts = { passed: 0, failed: 0 };
  for (const { name, command, args } of CHECKS) {
    const startedMs = Date.now();
    const { code, output } = await runQuietly(command, args, { cwd: root, env });
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
    console.log(`${name}: ${code === 0 ? "passed" : "FAILED"} (${seconds} s)`);
    if (code !== 0) console.log(lastLines(output, SHOWN_LINES));
    counts[code === 0 ? "passed" : "failed"] += 1;
  }
  return counts;
}
