import { expect, test } from "vitest";
import type { ApiVideo } from "./api-video.ts";
import { printable, statusLines, unconfirmedLine, UNCONFIRMED_HEADING } from "./video-lines.ts";

const VIDEO: ApiVideo = {
  id: "vid_01kaz3m1s8q4n0w2c9e7h5r6t4",
  phase: "unconfirmed",
  late: false,
  input: { mode: "master-text-to-video", duration: 5, prompt: "A harbour at dawn" },
  created_at: Date.UTC(2026, 10, 24, 6) / 1000,
  charges: 1,
  cost: { reserved_usd: 1, billed_usd: 0 },
  unconfirmed: { since: Date.UTC(2026, 10, 24, 7, 12) / 1000, at_stake_usd: 1, attempts: 1, max_charges: 2 },
  adoption: null,
  rearchive: null,
  provider: { account: "main", task_id: null, state: null },
  output: [],
  manifest: null,
  error: null,
};

test("a line of the table stands under its heading", () => {
  const line = unconfirmedLine(VIDEO);
  expect(line).toBe(
    "vid_01kaz3m1s8q4n0w2c9e7h5r6t4  2026-11-24 07:12  $1.00     main        1 of 2    A harbour at dawn",
  );
  expect(line.indexOf("A harbour")).toBe(UNCONFIRMED_HEADING.indexOf("PROMPT"));
});

test("a long prompt is cut between characters", () => {
  const line = unconfirmedLine({ ...VIDEO, input: { ...VIDEO.input, prompt: "😀".repeat(100) } });
  expect(line.endsWith(`  ${"😀".repeat(40)}…`)).toBe(true);
});

test("what a terminal would obey is not printed", () => {
  expect(printable("a\u001B[2Jb\r\nc\u202Ed\u0007e\u2028f")).toBe("a [2Jb cd e f");
});

test("the status says what is in doubt and what became of an adoption", () => {
  const lines = statusLines({
    ...VIDEO,
    adoption: { task_id: "t\u001B-1", state: "refused", message: "The task was not adopted: why." },
  });
  expect(lines[0]).toBe(VIDEO.id);
  expect(lines).toContain("  in doubt  $1.00 since 2026-11-24 07:12 UTC, 1 attempts, at most 2 charges");
  expect(lines).toContain("  adoption  t -1: The task was not adopted: why.");
  expect(lines.some((line) => line.startsWith("  error"))).toBe(false);
});
