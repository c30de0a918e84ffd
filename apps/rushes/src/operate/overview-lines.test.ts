import { PHASES, type Phase } from "@rushes/pipeline";
import { expect, test } from "vitest";
import type { ApiOverview } from "./api-overview.ts";
import { overviewLine, overviewLines, submitLines, sum } from "./overview-lines.ts";

const AT = Date.UTC(2026, 10, 24, 18, 30) / 1000;
const none = { videos: 0, oldest_at: null };
const OVERVIEW: ApiOverview = {
  at: AT,
  submit: { paused: false, paused_by: null, paused_at: null },
  phases: {
    ...(Object.fromEntries(PHASES.map((phase) => [phase, none])) as Record<Phase, typeof none>),
    queued: { videos: 12, oldest_at: AT - 185 },
    generating: { videos: 5, oldest_at: AT - 59 },
  },
  late: 1,
  money: { today_usd: 12.4, reserved_usd: 2, billed_usd: 10.4, budget_usd: 50, unconfirmed_usd: 1 },
  archive: { oldest_result_at: AT - 3_660, gone_at: AT + 1_296_000 - 3_660 },
  webhooks_pending: 2,
  accounts: [
    {
      account: "main",
      ...{ in_flight: 5, concurrency: 6, concurrency_is: "proven", requests_last_minute: 9 },
      ...{ rate_per_minute: null, rate_is: "unknown", probing: null, look_stretch: 1 },
      ...{ closed: null, balance_usd: null },
    },
  ],
};
const PAUSED: ApiOverview = {
  ...OVERVIEW,
  submit: { paused: true, paused_by: "o\u001B[2Jps", paused_at: AT - 60 },
};

test("the table has phases with counts and ages, limits, money, and what is urgent", () => {
  expect(overviewLines(OVERVIEW).join("\n")).toBe(
    `
phase          videos  oldest
queued             12  3 min
submitting          0
unconfirmed         0
generating          5  59 s        1 late
archiving           0
completed           0
failed              0
cancelled           0

account         in flight   at most               last minute   at most               state
main            5           6 (proven)            9             not known yet         open

money       $12.40 of $50.00 today (UTC): $10.40 billed, $2.00 reserved; $1.00 unconfirmed
archive     14 d 22 h left for the most urgent result, which waits since 1 h 1 min
webhooks    2 pending`.slice(1),
  );
});

test("a pause is said first, and where videos wait for its end", () => {
  const lines = overviewLines(PAUSED);
  expect(lines.slice(0, 2)).toEqual([
    "Submit is paused by o [2Jps since 2026-11-24 18:29 UTC.",
    "Nothing new is paid for until: rushes resume submit",
  ]);
  expect(lines.find((line) => line.startsWith("queued"))).toMatch(/ 3 min +submit is paused$/);
  expect(submitLines(OVERVIEW.submit)).toEqual(["Submit goes on."]);
});

test("in a log it is one line", () => {
  expect(overviewLine(PAUSED)).toBe(
    "2026-11-24T18:30:00Z  12 queued, 5 generating; 1 late; main 5/6 in flight; $12.40 of $50.00 today; " +
      "$1.00 unconfirmed; a result to archive before 2026-12-09 17:29; submit is paused",
  );
  const idle = { ...OVERVIEW, late: 0, accounts: [], archive: { oldest_result_at: null, gone_at: null } };
  const phases = Object.fromEntries(PHASES.map((phase) => [phase, none])) as ApiOverview["phases"];
  const money = { ...OVERVIEW.money, budget_usd: null, unconfirmed_usd: 0, today_usd: 0 };
  expect(sum({ ...idle, phases, money })).toBe("no videos; $0.00 today");
});

test("time alone is nothing new for a log", () => {
  const later = {
    ...OVERVIEW,
    at: AT + 9,
    phases: { ...OVERVIEW.phases, queued: { videos: 12, oldest_at: AT - 180 } },
  };
  expect(sum(later)).toBe(sum(OVERVIEW));
});
