import { describe, expect, test } from "vitest";

import { addCounts, countTests, resultLine } from "./test-count.mjs";

const file = (status, ...results) => ({
  status,
  assertionResults: results.map((result) => ({ status: result })),
});

describe("countTests", () => {
  test("counts tests over all files", () => {
    const testResults = [
      file("passed", "passed", "passed", "pending"),
      file("failed", "passed", "failed", "todo"),
    ];
    expect(countTests({ testResults }, 1)).toEqual({ passed: 3, failed: 1, skipped: 2 });
  });

  test("counts a file that does not load as one failure, beside the failures of others", () => {
    const testResults = [file("failed"), file("failed", "failed"), file("passed", "passed")];
    expect(countTests({ testResults }, 1)).toEqual({ passed: 1, failed: 2, skipped: 0 });
  });

  test("a run that fails although every test passed counts a failure", () => {
    expect(countTests({ testResults: [file("passed", "passed")] }, 1)).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
    });
  });

  test("a run that left no report counts a failure", () => {
    expect(countTests(null, null)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  test("a run of nothing is a failure even when vitest is content", () => {
    expect(countTests({ testResults: [] }, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(countTests({ testResults: [file("passed", "skipped")] }, 0)).toEqual({
      passed: 0,
      failed: 1,
      skipped: 1,
    });
  });
});

test("the last line names skipped tests only when there are some", () => {
  expect(resultLine({ passed: 4, failed: 0 })).toBe("4 passed, 0 failed");
  expect(resultLine({ passed: 4, failed: 1, skipped: 2 })).toBe("4 passed, 1 failed, 2 skipped");
});

test("checks and tests add up", () => {
  const total = addCounts({ passed: 3, failed: 1 }, { passed: 10, failed: 0, skipped: 2 });
  expect(total).toEqual({ passed: 13, failed: 1, skipped: 2 });
});
