import { PassThrough } from "node:stream";
import { PHASES } from "@rushes/pipeline";
import { expect, test } from "vitest";
import type { ApiOverview } from "./api-overview.ts";
import { OperatorProblem, type OperatorApi } from "./operator-api.ts";
import { watchOverview } from "./watch-overview.ts";

const overviewAt = (at: number, queued: number): ApiOverview => ({
  at,
  submit: { paused: false, paused_by: null, paused_at: null },
  phases: Object.fromEntries(
    PHASES.map((phase) => [phase, { videos: phase === "queued" ? queued : 0, oldest_at: null }]),
  ) as ApiOverview["phases"],
  late: 0,
  money: { today_usd: 0, reserved_usd: 0, billed_usd: 0, budget_usd: null, unconfirmed_usd: 0 },
  archive: { oldest_result_at: null, gone_at: null },
  webhooks_pending: 0,
  accounts: [],
});
const AWAY = new OperatorProblem("The api does not answer.", { isOpen: true });

/** Watches an api that gives these answers, one a look, until they have all been given. */
async function watch(
  answers: readonly (ApiOverview | Error)[],
  { isTTY = false, asJson = false } = {},
): Promise<{ exitCode: number; written: string; notes: string[] }> {
  const enough = new AbortController();
  const output = Object.assign(new PassThrough(), { isTTY });
  const notes: string[] = [];
  const left = [...answers];
  const api = {
    async fetchOverview() {
      const answer = left.shift();
      if (left.length === 0) enough.abort();
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as OperatorApi;
  const options = {
    api,
    output,
    input: new PassThrough(),
    say: () => {},
    note: (line: string) => void notes.push(line),
  };
  const exitCode = await watchOverview(options, { asJson, everyMs: 1, enough: enough.signal });
  return { exitCode, written: String(output.read() ?? ""), notes };
}

test("without a terminal there is a line for each change, and none for time alone", async () => {
  const { exitCode, written } = await watch([
    overviewAt(60, 1),
    overviewAt(61, 1),
    overviewAt(62, 2),
    overviewAt(63, 2),
  ]);
  expect(exitCode).toBe(0);
  expect(written).toBe(
    "1970-01-01T00:01:00Z  1 queued; $0.00 today\n1970-01-01T00:01:02Z  2 queued; $0.00 today\n",
  );
});

test("--json has the same as the api answers it, also at a terminal", async () => {
  const answers = [overviewAt(60, 1), overviewAt(61, 1), overviewAt(62, 2)];
  for (const isTTY of [false, true]) {
    const { written } = await watch(answers, { asJson: true, isTTY });
    const lines = written.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as ApiOverview)).toEqual([answers[0], answers[2]]);
  }
});

test("at a terminal the table is drawn again at each look, and stays there at the end", async () => {
  const { written } = await watch([overviewAt(60, 1), overviewAt(61, 2)], { isTTY: true });
  expect(written.split("\u001B[H")).toHaveLength(3);
  const [, left = ""] = written.split("\u001B[?1049l");
  expect(left).toMatch(/^Rushes {2}00:01:01 UTC/);
  expect(left).toMatch(/^queued +2$/m);
});

test("an api that goes away is waited for, and said so once", async () => {
  const answers = [overviewAt(60, 1), AWAY, AWAY, overviewAt(90, 2)];
  const inLog = await watch(answers);
  expect(inLog.notes).toEqual([AWAY.message]);
  expect(inLog.written.match(/queued/g)).toHaveLength(2);
  const drawn = await watch(answers.slice(0, 3), { isTTY: true });
  const [, left = ""] = drawn.written.split("\u001B[?1049l");
  expect(left).toMatch(/^The api does not answer\. It is asked again\.\n\nphase/);
});

test("what is wrong from the start, or for good, ends it", async () => {
  await expect(watch([AWAY, overviewAt(60, 1)])).rejects.toBe(AWAY);
  const refused = new OperatorProblem("Only for operators.", { code: "admin_only" });
  await expect(watch([overviewAt(60, 1), refused, overviewAt(61, 1)], { isTTY: true })).rejects.toBe(refused);
});
