import { expect, test } from "vitest";
import { newTally, summaryLines, tallyLine } from "./tally.ts";

const half = { ...newTally({ files: 40, bytes: 200_000_000 }), files: 30, bytes: 100_000_000, same: 30 };

test("the bar is drawn by bytes, and is full only at the end", () => {
  expect(tallyLine(half)).toBe(`  ${"█".repeat(12)}${"░".repeat(12)} 30 of 40 files, 100 of 200 MB`);
  expect(tallyLine({ ...half, bytes: 199_999_999 })).toContain(`${"█".repeat(23)}░`);
  expect(tallyLine({ ...half, bytes: 200_000_000 })).toContain("█".repeat(24));
  expect(tallyLine(newTally({ files: 0, bytes: 0 }))).toContain("0 of 0 files");
});

test("troubles are counted while they come", () => {
  expect(tallyLine({ ...half, missing: 1, different: 2, unknown: 3 })).toMatch(/MB, 6 not as recorded$/);
});

test("the end says what was found, and what to do about it", () => {
  expect(summaryLines(half)).toEqual(["30 files are as recorded."]);
  expect(summaryLines({ ...half, same: 1 })).toEqual(["1 file is as recorded."]);
  const [found, advice] = summaryLines({ ...half, missing: 2, different: 1, unknown: 4 });
  expect(found).toBe("30 files are as recorded, 2 missing, 1 different, 4 could not be looked at.");
  expect(advice).toContain("rushes rearchive <video>");
  expect(summaryLines({ ...half, unknown: 4 })).toHaveLength(1);
});
