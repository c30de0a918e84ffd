/**
 * Counts the tests of a vitest run from its JSON report. Whatever makes the run fail without a failing test – a file
 * that does not load, an error outside any test, a run that was ended – counts as failed too, so that a failed run
 * never looks like a passed one.
 *
 * @param {{ testResults: { status: string, assertionResults: { status: string }[] }[] } | null} report
 * @param {number | null} exitCode of vitest
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function countTests(report, exitCode) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report?.testResults ?? []) {
    for (const { status } of file.assertionResults) {
      if (status === "passed") counts.passed += 1;
      else if (status === "failed") counts.failed += 1;
      else counts.skipped += 1;
    }
    const failedToLoad = file.status === "failed" && !file.assertionResults.some(isFailed);
    if (failedToLoad) counts.failed += 1;
  }
  const failedUnseen = exitCode !== 0 && counts.failed === 0;
  const ranNothing = counts.passed + counts.failed === 0;
  if (failedUnseen || ranNothing) counts.failed += 1;
  return counts;
}

/** @param {{ status: string }} result */
function isFailed(result) {
  return result.status === "failed";
}

/**
 * The last line of a test run.
 *
 * @param {{ passed: number, failed: number, skipped?: number }} counts
 */
export function resultLine({ passed, failed, skipped = 0 }) {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}

/**
 * @param {{ passed: number, failed: number, skipped?: number }} a
 * @param {{ passed: number, failed: number, skipped?: number }} b
 */
export function addCounts(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: (a.skipped ?? 0) + (b.skipped ?? 0),
  };
}
