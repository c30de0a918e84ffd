import { describe, expect, test } from "vitest";
import {
  notify,
  type Deliveries,
  type Delivery,
  type DeliveryAttempt,
  type DeliveryVerdict,
  type Order,
  type Reading,
  type StageJob,
  type WebhookAnswer,
  type WebhookRequest,
} from "../src/index.ts";
import { aReading, JOB, ORDER } from "./stage-material.ts";

const NOW_MS = 1_000_000;
const URL = "https://hooks.example/rushes";
const GAPS_MS = [5_000, 300_000];

function aDelivery(changes: Partial<Delivery> = {}): Delivery {
  return {
    videoId: "vid_a",
    number: 3,
    event: "completed",
    state: "pending",
    createdMs: 900_000,
    dueMs: 900_000,
    wake: 3,
    tries: 0,
    recorded: 0,
    unfinished: 0,
    body: null,
    attempts: [],
    ...changes,
  };
}

const answered = (status: number, more: object = {}): WebhookAnswer => ({
  kind: "answered",
  status,
  excerpt: "",
  durationMs: 12,
  ...more,
});

async function run(options: {
  delivery?: Delivery | null;
  answer?: WebhookAnswer | Error;
  job?: Partial<StageJob>;
  /** The job's delivery, or none. */
  names?: number[];
  order?: Partial<Order>;
  reading?: Reading | null;
  started?: string | null;
  isFirst?: boolean;
  random?: () => number;
}) {
  const sent: WebhookRequest[] = [];
  const bodies: string[] = [];
  const recorded: { attempt: DeliveryAttempt; verdict: DeliveryVerdict }[] = [];
  const { delivery = aDelivery(), answer = answered(204) } = options;
  const [number] = options.names ?? [3];
  const deliveries: Deliveries = {
    read: () => Promise.resolve(delivery),
    start(_, body) {
      bodies.push(body);
      return Promise.resolve(options.started === undefined ? body : options.started);
    },
    record(_, attempt, verdict) {
      recorded.push({ attempt, verdict });
      return Promise.resolve(options.isFirst ?? true);
    },
  };
  const video = { ...aReading({ phase: "completed" }, NOW_MS) };
  const reading = { ...video, order: { ...ORDER, webhook_url: URL, ...options.order } };
  const outcome = await notify(
    { ...JOB, ...(number === undefined ? {} : { delivery: number }), ...options.job },
    {
      records: { read: () => Promise.resolve(options.reading === undefined ? reading : options.reading) },
      deliveries,
      webhooks: {
        deliver(request) {
          sent.push(request);
          return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
        },
      },
      settings: { retryGapsMs: GAPS_MS },
      random: options.random ?? (() => 0.5),
    },
  );
  return { outcome, sent, bodies, recorded };
}

test("2xx is delivered: the video as the api shows it, under an id that stays the same", async () => {
  const { outcome, sent, recorded } = await run({ answer: answered(202, { excerpt: "thanks" }) });
  expect(sent).toMatchObject([{ id: "vid_a_3", url: URL, atMs: NOW_MS }]);
  expect(JSON.parse(sent[0]?.body ?? "")).toMatchObject({
    type: "video.completed",
    timestamp: new Date(900_000).toISOString(),
    data: { id: "vid_a", phase: "completed", input: ORDER.input },
  });
  expect(recorded).toEqual([
    {
      attempt: { atMs: NOW_MS, durationMs: 12, status: 202, error: null, excerpt: "thanks" },
      verdict: { state: "delivered" },
    },
  ]);
  expect(outcome).toMatchObject({ kind: "advance" });
});

describe("an attempt that fails", () => {
  test.each([199, 301, 307, 400, 404, 429, 500])("%i: tried again after the first gap", async (status) => {
    const { outcome, recorded } = await run({ answer: answered(status) });
    expect(recorded).toMatchObject([{ attempt: { status }, verdict: { state: "pending", againMs: 5_000 } }]);
    expect(outcome).toMatchObject({ kind: "wait", delayMs: 5_000 });
  });

  test("no answer: its reason is kept, and it is tried again", async () => {
    const { outcome, recorded } = await run({
      answer: { kind: "unanswered", code: "timeout", message: "too slow", durationMs: 15_000 },
    });
    expect(recorded).toMatchObject([
      { attempt: { status: null, error: { code: "timeout", message: "too slow" }, durationMs: 15_000 } },
    ]);
    expect(outcome).toMatchObject({ kind: "wait", delayMs: 5_000 });
  });

  test("Retry-After is honoured, with the jitter of the schedule below it", async () => {
    const { outcome } = await run({ answer: answered(429, { retryAfterMs: 60_000 }), random: () => 1 });
    expect(outcome).toMatchObject({ kind: "wait", delayMs: 60_000 });
  });

  test("the gaps follow one another, and after the last it is given up", async () => {
    const second = await run({ answer: answered(500), delivery: aDelivery({ tries: 1, recorded: 1 }) });
    expect(second.outcome).toMatchObject({ kind: "wait", delayMs: 300_000 });
    const third = await run({ answer: answered(500), delivery: aDelivery({ tries: 2, recorded: 2 }) });
    expect(third.recorded).toMatchObject([{ verdict: { state: "given_up" } }]);
    expect(third.outcome).toMatchObject({ kind: "give-up" });
  });

  test("410 ends at once", async () => {
    const { outcome, recorded } = await run({ answer: answered(410) });
    expect(recorded).toMatchObject([{ verdict: { state: "given_up" } }]);
    expect(outcome).toMatchObject({ kind: "give-up" });
  });
});

describe("the bytes are the same in every attempt", () => {
  test("a stored body is sent as it is", async () => {
    const { sent } = await run({ delivery: aDelivery({ body: "the first" }), started: "the first" });
    expect(sent).toMatchObject([{ body: "the first" }]);
  });

  test("and where another job has stored one meanwhile, that one", async () => {
    const { bodies, sent } = await run({ started: "of the other job" });
    expect(bodies).toHaveLength(1);
    expect(sent).toMatchObject([{ body: "of the other job" }]);
  });
});

describe("nothing is sent", () => {
  test.each([
    ["the video is forgotten", { reading: null }],
    ["there is no such delivery", { delivery: null }],
    ["it was delivered", { delivery: aDelivery({ state: "delivered" }) }],
    ["it was given up", { delivery: aDelivery({ state: "given_up" }) }],
    ["a newer job has it", { delivery: aDelivery({ wake: 4 }) }],
    ["it changed between reading and starting", { started: null }],
  ])("when %s, and the job is done", async (_, options) => {
    const { outcome, sent, recorded } = await run(options);
    expect(outcome).toMatchObject({ kind: "advance" });
    expect([sent, recorded]).toEqual([[], []]);
  });

  test("before it is due: the job waits", async () => {
    const { outcome, sent } = await run({ delivery: aDelivery({ dueMs: NOW_MS + 700 }) });
    expect(outcome).toMatchObject({ kind: "wait", delayMs: 700 });
    expect(sent).toEqual([]);
  });

  test("while the process stops: the job goes to another", async () => {
    const { outcome, bodies } = await run({ job: { signal: AbortSignal.abort() } });
    expect(outcome).toMatchObject({ kind: "wait", delayMs: 0 });
    expect(bodies).toEqual([]);
  });

  test("by a job that names no delivery", async () => {
    const { outcome } = await run({ names: [] });
    expect(outcome).toMatchObject({ kind: "give-up" });
  });
});

test("an attempt that another job has recorded before is not waited for again", async () => {
  const { outcome } = await run({ answer: answered(500), isFirst: false });
  expect(outcome).toMatchObject({ kind: "advance" });
});

describe("nothing is tried for ever", () => {
  test("a fault of ours counts as an attempt", async () => {
    const { outcome, recorded } = await run({ answer: new TypeError("a bug") });
    expect(recorded).toMatchObject([{ attempt: { status: null, error: { code: "internal_error" } } }]);
    expect(outcome).toMatchObject({ kind: "wait", delayMs: 5_000 });
  });

  test("so does a delivery over which process after process dies, and it is not sent again at once", async () => {
    expect((await run({ delivery: aDelivery({ unfinished: 4 }) })).sent).toHaveLength(1);
    const { sent, recorded } = await run({ delivery: aDelivery({ unfinished: 5 }) });
    expect(sent).toEqual([]);
    expect(recorded).toMatchObject([
      { attempt: { error: { code: "interrupted" } }, verdict: { state: "pending" } },
    ]);
  });

  test("so does an order whose URL is gone", async () => {
    const { sent, recorded } = await run({ order: { webhook_url: undefined } });
    expect(sent).toEqual([]);
    expect(recorded).toMatchObject([{ attempt: { error: { code: "webhook_url_missing" } } }]);
  });
});
