import type { History } from "../src/history/history-folder.ts";

/** The time of a made-up run; only differences matter. */
const T = 1_790_000_000_000;

/**
 * A small history in which everything is right: one order completed, one parked after a lost answer, one that failed with
 * its task and was charged again by consent. Tests break one thing at a time.
 */
export function soundHistory(): History {
  return {
    facts: {
      name: "made up",
      seed: 0,
      callbacks: "off",
      callbackDropShare: 0,
      budgetUsd: 10,
      keepsBooks: true,
      keepsFiles: true,
      startedAt: T,
      calmAt: T + 5_000,
      drainedAt: T + 6_000,
    },
    orders: [
      { at: T, event: "sent", key: "a", prompt: "order a", maxCharges: 1 },
      { at: T + 1, event: "acknowledged", key: "a", videoId: "vid_a" },
      { at: T, event: "sent", key: "b", prompt: "order b", maxCharges: 1 },
      { at: T + 1, event: "acknowledged", key: "b", videoId: "vid_b" },
      { at: T, event: "sent", key: "c", prompt: "order c", maxCharges: 2 },
      { at: T + 1, event: "acknowledged", key: "c", videoId: "vid_c" },
    ],
    bill: [
      charge("task-a", "order a", T + 100),
      charge("task-b", "order b", T + 110),
      { ...charge("task-c1", "order c", T + 120), refundedTime: T + 200 },
      charge("task-c2", "order c", T + 300),
    ],
    tasks: [
      task("task-a", "order a", "success"),
      task("task-b", "order b", "success"),
      { ...task("task-c1", "order c", "failed"), completeTime: T + 200 },
      task("task-c2", "order c", "success"),
    ],
    objects: [
      { key: "vid_a.mp4", bytes: 5, sha256: "sha of task-a" },
      { key: "vid_c.mp4", bytes: 5, sha256: "sha of task-c2" },
    ],
    records: [
      {
        ...record("a", "completed", [attempt(1, "ended_ok", "task-a", T + 90)]),
        taskId: "task-a",
        billedMicros: 1_000_000,
        output: [{ key: "vid_a.mp4", bytes: 5, sha256: "sha of task-a" }],
        events: [
          event("queued"),
          event("submitting"),
          event("generating"),
          event("archiving"),
          event("completed"),
        ],
      },
      {
        ...record("b", "unconfirmed", [attempt(1, "unknown", null, T + 95)]),
        reservedMicros: 1_000_000,
        events: [event("queued"), event("submitting"), event("unconfirmed")],
      },
      {
        ...record("c", "completed", [
          attempt(1, "ended_bad", "task-c1", T + 96),
          attempt(2, "ended_ok", "task-c2", T + 290),
        ]),
        taskId: "task-c2",
        billedMicros: 1_000_000,
        output: [{ key: "vid_c.mp4", bytes: 5, sha256: "sha of task-c2" }],
        events: [
          event("queued"),
          event("generating"),
          event("queued"),
          event("generating"),
          event("completed"),
        ],
      },
    ],
    faults: [],
    steps: [],
  };
}

function charge(taskId: string, prompt: string, time: number): History["bill"][number] {
  return { taskId, priceUsd: 1, prompt, time, callbackUrl: null, refundedTime: null, submitFault: null };
}

function task(taskId: string, prompt: string, state: "success" | "failed"): History["tasks"][number] {
  const sha256 = state === "success" ? `sha of ${taskId}` : null;
  return { taskId, state, prompt, createTime: T + 100, completeTime: T + 1_000, sha256 };
}

function attempt(
  number: number,
  state: string,
  taskId: string | null,
  intentMs: number,
): History["records"][number]["attempts"][number] {
  return { number, secret: `secret-${number}`, state, taskId, intentMs };
}

function record(
  letter: string,
  phase: string,
  attempts: History["records"][number]["attempts"],
): History["records"][number] {
  return {
    videoId: `vid_${letter}`,
    prompt: `order ${letter}`,
    phase,
    createdMs: T,
    reservedMicros: 0,
    billedMicros: 0,
    taskId: null,
    attempts,
    output: [],
    events: [],
  };
}

function event(phase: string): History["records"][number]["events"][number] {
  return { at: T + 50, phase, what: phase };
}
