import { orderSchema, type Order } from "../src/order.ts";
import type { PollPorts } from "../src/poll.ts";
import type { Provider } from "../src/provider.ts";
import type { Reading, Records, Standing } from "../src/records.ts";
import type { StageJob } from "../src/stage-job.ts";
import type { Attempt, VideoRecord } from "../src/video-record.ts";

/** Test material: a record, its order and ports that write down what was asked of them. */
export const ORDER: Order = orderSchema.parse({
  input: { mode: "master-text-to-video", prompt: "a drone over a city", duration: 5 },
});

export const JOB: StageJob = {
  videoId: "vid_a",
  rev: 3,
  errand: "follow",
  signal: new AbortController().signal,
};

/** The documented schedule: the defaults of the environment. */
export const POLL_SETTINGS: PollPorts["settings"] = {
  pollFirstMs: 60_000,
  pollMinMs: 5_000,
  pollMaxMs: 10_000,
  lateAfterMs: 900_000,
  lateEveryMaxMs: 600_000,
  resultLifeMs: 1_296_000_000,
  retryMinMs: 1_000,
  retryMaxMs: 60_000,
};

export function anAttempt(extra: Partial<Attempt> = {}): Attempt {
  return {
    number: 1,
    state: "accepted",
    secret: "secret",
    taskId: "task-1",
    account: "main",
    priceMicros: 1_000_000,
    money: "billed",
    intentMs: 0,
    deadlineMs: 35_000,
    acceptedMs: 1_000,
    endedMs: null,
    resultUrls: [],
    outcome: "accepted",
    ...extra,
  };
}

export function aReading(record: Partial<VideoRecord> = {}, nowMs = 61_000): Reading {
  return {
    nowMs,
    order: ORDER,
    record: {
      id: "vid_a",
      owner: "caller",
      phase: "generating",
      rev: 3,
      wake: 3,
      mode: "master-text-to-video",
      duration: 5,
      attempts: [anAttempt()],
      current: 1,
      maxCharges: 1,
      priceMicros: 1_000_000,
      reservedMicros: 0,
      billedMicros: 1_000_000,
      dueMs: 71_000,
      createdMs: 0,
      submittedMs: 1_000,
      archivingMs: null,
      completedMs: null,
      endedMs: null,
      account: "main",
      providerState: null,
      late: false,
      looksFailed: 0,
      archiveTries: 0,
      unconfirmedMicros: 0,
      unconfirmedSinceMs: null,
      adoption: null,
      refusedAdoption: null,
      rearchive: null,
      refusedRearchive: null,
      output: [],
      manifest: null,
      error: null,
      ...record,
    },
  };
}

export function aStanding(extra: Partial<Standing> = {}): Standing {
  return {
    result: "moved",
    phase: "generating",
    rev: 4,
    wake: 4,
    mode: "master-text-to-video",
    chargedMicros: 1_000_000,
    delivery: null,
    sinceMs: 0,
    ...extra,
  };
}

export type Learned = Parameters<Records["learnAnswer"] | Records["recordLook"] | Records["recordArchive"]>;

/** Records that answer what the test says and remember every fact they were told. */
export function scriptedRecords(reading: Reading | null, standing: Standing): Records & { facts: unknown[] } {
  const facts: unknown[] = [];
  const learn = (...learned: unknown[]): Promise<Standing> => {
    facts.push(learned.at(-1));
    return Promise.resolve(standing);
  };
  return {
    facts,
    read: () => Promise.resolve(reading),
    learnAnswer: learn,
    recordLook: learn,
    recordArchive: learn,
    recordRearchive: learn,
    adopt: (...learned) => learn({ adopted: learned }),
    refuseAdoption: (...learned) => learn({ refused: learned }),
  };
}

/** A provider each of whose calls does what the test says; a call that was not expected fails the test. */
export function scriptedProvider(calls: Partial<Provider>): Provider {
  const unexpected = (): never => {
    throw new Error("the provider was asked something that the test did not expect");
  };
  return { generateTask: unexpected, statusTask: unexpected, currentBalance: unexpected, ...calls };
}
