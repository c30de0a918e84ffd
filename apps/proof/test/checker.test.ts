import { describe, expect, test } from "vitest";
import { checkHistory } from "../src/checker/check-history.ts";
import type { Invariant } from "../src/checker/finding.ts";
import { INVARIANTS } from "../src/checker/finding.ts";
import { figuresOf, percentile } from "../src/checker/figures.ts";
import { openCaseFiles } from "../src/checker/case-files.ts";
import type { History } from "../src/history/history-folder.ts";
import { soundHistory } from "./sound-history.ts";

test("a history in which everything is right leaves nothing to report", () => {
  expect(checkHistory(soundHistory())).toEqual([]);
});

/** The row of a list that every history has. */
function row<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error("no such row");
  return item;
}

type Break = (history: History) => unknown;

/** Each breaks one thing of a sound history; the checker must name that invariant. */
const BROKEN: [title: string, Invariant, Break][] = [
  ["an acknowledged order has no record", "order-lost", ({ records }) => records.splice(1, 1)],
  [
    "one key was answered with two ids",
    "order-lost",
    ({ orders }) => orders.push({ at: 1, event: "acknowledged", key: "a", videoId: "vid_b" }),
  ],
  [
    "an order has two records",
    "order-lost",
    ({ records }) => records.push({ ...row(records, 0), videoId: "vid_z" }),
  ],
  [
    "an order was refused and is there",
    "order-lost",
    (history) => {
      history.orders = history.orders.filter((line) => line.key !== "a" || line.event === "sent");
      history.orders.push({ at: 1, event: "refused", key: "a", status: 402 });
    },
  ],
  [
    "a record that nobody ordered",
    "order-lost",
    ({ records }) => records.push({ ...row(records, 0), videoId: "vid_z", prompt: "a stranger" }),
  ],
  [
    "an order ended twice",
    "ends-once",
    ({ records }) => {
      const record = row(records, 0);
      const end = row(record.events, 4);
      records[0] = { ...record, events: [...record.events, { ...end, phase: "archiving" }, end] };
    },
  ],
  [
    "an order had ended and goes on",
    "ends-once",
    ({ records }) => {
      records[1] = { ...row(records, 1), events: [{ at: 1, phase: "failed", what: "failed" }] };
    },
  ],
  [
    "an order was charged twice without consent",
    "charged-too-often",
    ({ bill, tasks }) => {
      bill.push({ ...row(bill, 0), taskId: "task-a2", time: row(bill, 0).time + 1 });
      tasks.push({ ...row(tasks, 0), taskId: "task-a2" });
    },
  ],
  [
    "an order was charged again while its first task had not failed",
    "charged-too-often",
    ({ tasks }) => {
      tasks[2] = { ...row(tasks, 2), state: "success" };
    },
  ],
  [
    "an order was charged again before its first task had failed",
    "charged-too-often",
    ({ tasks }) => {
      tasks[2] = { ...row(tasks, 2), completeTime: row(tasks, 2).createTime + 100_000 };
    },
  ],
  [
    "a charge that nobody ordered",
    "charged-too-often",
    ({ bill }) => bill.push({ ...row(bill, 0), taskId: "task-z", prompt: "a stranger" }),
  ],
  [
    "an intent is younger than its charge",
    "charge-without-intent",
    ({ records, bill }) => {
      const record = row(records, 0);
      const attempts = [{ ...row(record.attempts, 0), intentMs: row(bill, 0).time + 1 }];
      records[0] = { ...record, attempts };
    },
  ],
  [
    "two charges share one intent",
    "charge-without-intent",
    ({ records }) => {
      records[2] = { ...row(records, 2), attempts: [row(row(records, 2).attempts, 1)] };
    },
  ],
  [
    "a callback's address names another secret than the intent",
    "charge-without-intent",
    ({ bill }) => {
      bill[0] = {
        ...row(bill, 0),
        callbackUrl: "http://127.0.0.1/callbacks/apixo/vid_a.1.other.default.mac",
      };
    },
  ],
  [
    "a charged order ended without its file",
    "charge-unaccounted",
    ({ records }) => {
      const events = [{ at: 1, phase: "failed", what: "failed" }];
      records[1] = {
        ...row(records, 1),
        phase: "failed",
        reservedMicros: 0,
        billedMicros: 1_000_000,
        events,
      };
    },
  ],
  [
    "a stored file is another one",
    "file-differs",
    ({ objects }) => {
      objects[0] = { ...row(objects, 0), sha256: "sha of something else" };
    },
  ],
  [
    "record and bucket agree on a file that the task never made",
    "file-differs",
    ({ objects, records }) => {
      objects[0] = { ...row(objects, 0), sha256: "half" };
      records[0] = { ...row(records, 0), output: [{ key: "vid_a.mp4", bytes: 5, sha256: "half" }] };
    },
  ],
  ["a stored file is not in the bucket", "file-differs", ({ objects }) => objects.splice(0, 1)],
  [
    "more was charged than the budget allows",
    "budget-passed",
    ({ facts }) => {
      facts.budgetUsd = 2;
    },
  ],
  [
    "the books say less than the bill",
    "books-differ",
    ({ records }) => {
      records[0] = { ...row(records, 0), billedMicros: 0 };
    },
  ],
  [
    "an ended order keeps money reserved",
    "books-differ",
    ({ records }) => {
      records[0] = { ...row(records, 0), reservedMicros: 1 };
    },
  ],
  [
    "an order is still on its way",
    "not-drained",
    ({ records }) => {
      records[0] = { ...row(records, 0), phase: "archiving", events: [] };
    },
  ],
  [
    "the queues never became empty",
    "not-drained",
    ({ facts }) => {
      facts.drainedAt = null;
    },
  ],
];

describe("every invariant, broken by hand, is reported", () => {
  test.each(BROKEN)("%s", (_, invariant, breakIt) => {
    const history = soundHistory();
    breakIt(history);
    expect(checkHistory(history).map((finding) => finding.invariant)).toContain(invariant);
  });

  test("none is left out", () => {
    expect(new Set(BROKEN.map(([, invariant]) => invariant))).toEqual(new Set(Object.keys(INVARIANTS)));
  });
});

test("the budget is held against the highest sum at any time, not against the last", () => {
  const history = soundHistory();
  // Four dollars were charged in all, one of which came back before the last was spent.
  history.facts.budgetUsd = 3;
  expect(checkHistory(history)).toEqual([]);
  history.bill[2] = { ...row(history.bill, 2), refundedTime: row(history.bill, 3).time + 1 };
  expect(checkHistory(history).map(({ invariant }) => invariant)).toEqual(["budget-passed"]);
});

describe("figures", () => {
  const figures = (history: History) => figuresOf(history, openCaseFiles(history), checkHistory(history));

  test("count what the history holds", () => {
    expect(figures(soundHistory())).toMatchObject({
      ...{ acknowledged: 3, charges: 4, agreedAgain: 1, doubled: 0, unaccounted: 0 },
      ...{ doubtful: 1, parked: 1, parkedCharged: 1, overshootMicros: 0 },
    });
  });

  test("an order in the hands of a killed worker counts until somebody else takes it up", () => {
    const history = soundHistory();
    const step = { part: "provider", call: "statusTask", moment: "begins", task: "task-a" } as const;
    const at = row(history.bill, 0).time;
    history.steps = [
      { ...step, at, by: "worker-1" },
      { ...step, at: at + 6_100, by: "worker-2" },
    ];
    history.faults = [{ at: at + 100, kind: "kill-worker", target: "worker-1" }];
    history.records[0] = {
      ...row(history.records, 0),
      events: [{ at: at + 7_000, phase: "completed", what: "x" }],
    };
    expect(figures(history)).toMatchObject({ takeoverMs: [6_000], abandoned: 0 });
    history.steps.pop();
    expect(figures(history)).toMatchObject({ takeoverMs: [], abandoned: 1 });
  });

  test("a worker that had done with an order leaves nothing behind", () => {
    const history = soundHistory();
    const at = row(history.bill, 0).time;
    history.steps = [
      { at, by: "worker-1", part: "queues", call: "wake", moment: "ended", videos: ["vid_a"] },
    ];
    history.faults = [{ at: at + 100, kind: "kill-worker", target: "worker-1" }];
    expect(figures(history)).toMatchObject({ takeoverMs: [], abandoned: 0 });
  });

  test("percentiles are values that were seen", () => {
    expect(percentile([3, 1, 2], 0.5)).toBe(2);
    expect(
      percentile(
        Array.from({ length: 200 }, (_, i) => i + 1),
        0.99,
      ),
    ).toBe(198);
    expect(percentile([], 0.99)).toBe(0);
  });
});
