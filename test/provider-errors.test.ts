import { untilTrue } from "@rushes/test-rig";
import type { FailureClass } from "@rushes/pipeline";
import type { SettingsPatch } from "@rushes/sandbox";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  completed,
  expectRow,
  placeRows,
  PRICE_USD,
  refused,
  titled,
  unconfirmed,
  type OrderRow,
  type PlacedRow,
} from "./order-row.ts";
import { endTask } from "./end-task.ts";
import { billFor } from "./prompt-bill.ts";
import { startSystem, type RunningSystem } from "./running-system.ts";

/*
 * The errors of APIXO's Kling 2.1 API, row by row: each HTTP status, then each failure code, as the end of a task and as
 * the immediate answer to a submit. Every row drives the running worker against the sandbox.
 */

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.stop());

/** Room for every row of a table at once; unconfirmed ones keep their places. */
const ROOMY = {
  LIMIT_CONCURRENCY: "500",
  SUBMIT_CONCURRENCY: "40",
  // What one row's 429 teaches is forgotten before the next row.
  LIMIT_TIME_SCALE: "0.0005",
};
/** A look soon after the submit, for tests that are not about the schedule. */
const SOON = { POLL_FIRST_MS: "300" };

const submitsOf = (prompts: readonly string[]) =>
  system.sandbox
    .journal()
    .filter((entry) => entry.operation === "submit" && prompts.includes(entry.prompt ?? ""));

/**
 * How long after each refused POST the next one of any order came, once so many orders were refused. Exact from below: a
 * late process only adds. On a slow machine the first order may be tried again before there is a second one.
 */
function gapsAfterRefusalsMs(prompts: readonly string[], refusedOrders = 1): number[] {
  const posts = submitsOf(prompts);
  const refusedBy = new Set<string>();
  return posts.slice(1).flatMap(({ time }, index) => {
    const before = posts[index];
    if (before === undefined || before.outcome === 200) return [];
    refusedBy.add(before.prompt ?? "");
    return refusedBy.size < refusedOrders ? [] : [time - before.time];
  });
}

const endTaskOf = async (id: string): Promise<void> =>
  endTask(system, (await system.get(id)).provider.task_id);

async function runningOrder(prompt: string): Promise<string> {
  const { id } = await system.order({ prompt: `${prompt} [[task:never]]` });
  await untilTrue(async () => (await system.get(id)).phase === "generating");
  return id;
}

async function expectPaidOnce(id: string, prompt: string): Promise<void> {
  const video = await system.untilEnded(id);
  expect([video.charges, video.cost]).toEqual([1, { reserved_usd: 0, billed_usd: PRICE_USD }]);
  expect(billFor(system.sandbox, prompt)).toMatchObject({ charges: 1, netUsd: PRICE_USD });
}

/** Between two tries of it; while one is on its way, the order is in progress and may cost something. */
async function untilFreeAndQueued(id: string, prompt: string): Promise<void> {
  await expect
    .poll(
      async () => {
        const { status, error, charges, cost } = await system.get(id);
        return { status, error, charges, cost };
      },
      { timeout: 20_000 },
    )
    .toEqual({ status: "queued", error: null, charges: 0, cost: { reserved_usd: PRICE_USD, billed_usd: 0 } });
  expect(billFor(system.sandbox, prompt)).toMatchObject({ charges: 0, netUsd: 0 });
}

describe("§5 402, the balance", () => {
  afterAll(async () => {
    await system.killWorkers();
    system.sandbox.reset();
  });

  test("§5 402: once the balance has returned all resumes, without waiting for the next trial", async () => {
    system.sandbox.configure({ balanceUsd: 0 });
    await system.startWorker({ LIMIT_CONCURRENCY: "1", BALANCE_EVERY_MS: "800", ...SOON });
    const prompt = "an order without a balance [[task:instant]]";
    const { id } = await system.order({ prompt });
    await untilTrue(async () => {
      const [closed, balance] = await system.inspect.hmget(
        "{rushes}:account:default",
        "closed",
        "balance_at_closing",
      );
      return (closed !== "" && balance === "0") || [closed, balance];
    });
    await untilFreeAndQueued(id, prompt);
    system.sandbox.configure({ balanceUsd: 10 });
    await expectPaidOnce(id, prompt);
    // One that may have been on its way before the balance was read, and the one that was paid.
    expect(billFor(system.sandbox, prompt).posts).toBeLessThanOrEqual(2);
  });
});

describe("§5, errors that are about the account", () => {
  /** Five minutes between trials, scaled. */
  const TRIAL_EVERY_MS = 600;
  const WELL: SettingsPatch = { faults: null, balanceUsd: 100_000 };
  const faults = (...names: string[]): SettingsPatch => ({
    faults: Object.fromEntries(names.map((name) => [name, 1])),
  });

  beforeAll(async () => {
    // One task runs, so one place is free, and a POST begins only when the one before was answered.
    await system.startWorker({
      LIMIT_CONCURRENCY: "2",
      LIMIT_TIME_SCALE: `${TRIAL_EVERY_MS / 300_000}`,
      // Asked once, at the start: what reopens the account here are its trials.
      BALANCE_EVERY_MS: "3600000",
      RETRY_MIN_MS: "400",
      RETRY_MAX_MS: "800",
      ...SOON,
    });
  });
  afterEach(() => system.sandbox.reset());
  afterAll(() => system.killWorkers());

  // A refusal of key or route may be about one video; the second video that meets one closes the account.
  const SECOND = { closesAt: 2 };
  const ROWS: [string, SettingsPatch, { looksFail?: boolean; closesAt?: number }][] = [
    ["§5 401: submitting stops", faults("submit:error:401"), SECOND],
    [
      "§5 401, to looks too: a running task is not given up",
      faults("submit:error:401", "status:error:401"),
      { looksFail: true, ...SECOND },
    ],
    ["§5 402: submitting stops", { balanceUsd: PRICE_USD }, {}],
    ["§5 403, about the key: submitting stops", faults("submit:error:403"), SECOND],
    ["§5 404, unknown model: submitting stops", faults("submit:error:404"), SECOND],
    [
      "§5 INSUFFICIENT_CREDITS from submit: submitting stops",
      faults("submit:fail-code:INSUFFICIENT_CREDITS"),
      {},
    ],
  ];

  test.each(ROWS)(
    "%s, the running task goes on, and all resumes when the account is well",
    async (title, ill, { looksFail, closesAt = 1 }) => {
      const running = await runningOrder(`running while ${title}`);
      system.sandbox.configure(ill);
      const prompts = [1, 2, 3].map((nth) => `order ${nth} while ${title} [[task:instant]]`);
      const ids = await Promise.all(prompts.map(async (prompt) => (await system.order({ prompt })).id));

      // Once the account is closed, the others are trials.
      await untilTrue(() => submitsOf(prompts).length >= 3);
      await Promise.all(ids.map((id, index) => untilFreeAndQueued(id, prompts[index] ?? "")));
      expect(submitsOf(prompts).filter(({ outcome }) => outcome === 200)).toEqual([]);
      for (const gapMs of gapsAfterRefusalsMs(prompts, closesAt))
        expect(gapMs).toBeGreaterThanOrEqual(TRIAL_EVERY_MS - 1);

      await endTaskOf(running);
      if (looksFail) {
        await untilTrue(() => failedLooks() >= 3);
        expect((await system.get(running)).status).toBe("in_progress");
      } else {
        await system.untilEnded(running);
      }

      system.sandbox.configure(WELL);
      for (const [index, id] of ids.entries()) await expectPaidOnce(id, prompts[index] ?? "");
      await expectPaidOnce(running, `running while ${title} [[task:never]]`);
    },
  );

  test.each([
    ["with Retry-After, for as long as it says", 40, 1_000, 3],
    // Beside a task that runs nothing more is tried before it has ended: so many tasks may be what is refused.
    ["without Retry-After, as its limits decide", null, 1, 1],
  ])("§5 429, too many requests: the whole key rests, %s", async (_, retryAfterS, restMs, posts) => {
    // The sandbox divides by its speed: a second of rest, and a window that is longer than this test.
    system.sandbox.configure({ ratePerWindow: 1, rateWindowMs: 4_000_000, retryAfterS });
    const running = await runningOrder(`running before ${restMs}`);
    const prompts = [1, 2].map((nth) => `order ${nth} of too many ${restMs} [[task:instant]]`);
    const ids = await Promise.all(prompts.map(async (prompt) => (await system.order({ prompt })).id));
    await untilTrue(() => submitsOf(prompts).length >= posts);
    await Promise.all(ids.map((id, index) => untilFreeAndQueued(id, prompts[index] ?? "")));
    system.sandbox.configure({ ratePerWindow: null });
    await endTaskOf(running);
    await system.untilEnded(running);
    for (const [index, id] of ids.entries()) await expectPaidOnce(id, prompts[index] ?? "");
    for (const gapMs of gapsAfterRefusalsMs(prompts)) expect(gapMs).toBeGreaterThanOrEqual(restMs - 1);
  });

  const failedLooks = (): number =>
    system.sandbox.journal().filter(({ operation, outcome }) => operation === "status" && outcome === 401)
      .length;
});

describe("§5 429, two workers", () => {
  afterAll(async () => {
    await system.killWorkers();
    system.sandbox.reset();
  });

  test("§5 429, too many tasks at once, for two workers: nothing is accepted, and in the end each is paid once", async () => {
    // An account of its own: of the other one it is known by now how little it takes.
    const account = {
      APIXO_API_KEY: "",
      APIXO_ACCOUNTS: JSON.stringify([{ name: "fresh", key: "sk-of-two-workers" }]),
    };
    await Promise.all([1, 2].map(() => system.startWorker({ LIMIT_CONCURRENCY: "6", ...account, ...SOON })));
    system.sandbox.configure({ concurrency: 2 });
    const running = [await runningOrder("running first"), await runningOrder("running second")];
    const prompts = [1, 2, 3, 4].map((nth) => `order ${nth} beyond the limit [[task:instant]]`);
    const ids = await Promise.all(prompts.map(async (prompt) => (await system.order({ prompt })).id));
    await untilTrue(() => submitsOf(prompts).length >= 1);
    expect(new Set(submitsOf(prompts).map(({ outcome }) => outcome))).toEqual(new Set([429]));
    for (const prompt of prompts)
      expect(billFor(system.sandbox, prompt)).toMatchObject({ charges: 0, netUsd: 0 });
    for (const id of running) await endTaskOf(id);
    for (const [index, id] of ids.entries()) await expectPaidOnce(id, prompts[index] ?? "");
    for (const id of running) expect((await system.untilEnded(id)).charges).toBe(1);
  });
});

/** Both lists of failure codes, with the class each stands for. */
const FAIL_CODES: readonly (readonly [code: string, failureClass: FailureClass])[] = [
  ["Missing required parameter", "caller_input"],
  ["Invalid parameter type", "caller_input"],
  ["Invalid parameter value", "caller_input"],
  ["Param length exceeded", "caller_input"],
  ["ImageNotAccess", "caller_input"],
  ["SensitiveContent", "content_policy"],
  ["PromptInvalid", "content_policy"],
  ["ProhibitedContentDetected", "content_policy"],
  ["NSFW", "content_policy"],
  ["RateLimited", "provider_capacity"],
  ["Timeout", "provider_capacity"],
  ["Unknown error", "unknown"],

  ["SensitiveContentDetected", "content_policy"],
  ["InputImageSensitiveContentDetected", "content_policy"],
  ["InputOutputSensitiveContentDetected", "content_policy"],
  ["PromptLengthExceeded", "caller_input"],
  ["CONTENT_VIOLATION", "content_policy"],
  ["NSFW_DETECTED", "content_policy"],
  ["PROMPT_TOO_LONG", "caller_input"],
  ["INVALID_PROMPT", "caller_input"],
  ["INVALID_IMAGE_URL", "caller_input"],
  ["IMAGE_TOO_LARGE", "caller_input"],
  ["UNSUPPORTED_FORMAT", "caller_input"],
  ["IMAGE_DOWNLOAD_FAILED", "caller_input"],
  ["PROCESSING_TIMEOUT", "provider_capacity"],
  ["MODEL_UNAVAILABLE", "provider_capacity"],
  ["GENERATION_FAILED", "provider_fault"],
  ["INSUFFICIENT_CREDITS", "account"],
  ["a code that nobody has met", "unknown"],
];
const isCapacity = (failureClass: FailureClass): boolean => failureClass === "provider_capacity";

/** A failed task counts as a charge and costs nothing: the sandbox gives the money back, as the provider is believed to. */
const failedTask = (
  code: string,
  failureClass: FailureClass,
  charges = 1,
): Pick<OrderRow, "video" | "bill"> => ({
  video: { phase: "failed", error: { class: failureClass, code }, charges, reservedUsd: 0, billedUsd: 0 },
  bill: { posts: charges, charges, netUsd: 0 },
});

describe("§5, one answer for one order", () => {
  const OWN_SERVER_ERRORS = [500, 502, 503];
  const ROWS: OrderRow[] = [
    {
      title: "§5 400: failed at once, never tried again",
      faults: "[[submit:error:400]]",
      ...refused({ class: "caller_input", code: "invalid_request" }),
    },
    {
      title: "§5 403, about the content: failed at once, the account stays open",
      faults: "[[submit:forbidden-content]]",
      ...refused({ class: "content_policy", code: "content_policy" }),
    },
    ...OWN_SERVER_ERRORS.map((status) => ({
      title: `§5 ${status}, in the provider's envelope: tried again after backoff, paid once`,
      faults: `[[submit:error:${status}:2]]`,
      ...completed(3),
    })),
    ...OWN_SERVER_ERRORS.flatMap((status) => [
      {
        title: `§5 ${status}, a gateway's page: unconfirmed, never posted again`,
        faults: `[[submit:page:${status}]]`,
        ...unconfirmed(false),
      },
      {
        title: `§5 ${status}, a gateway's page around a task: unconfirmed, never posted again`,
        faults: `[[submit:page-after-accept:${status}]]`,
        ...unconfirmed(true),
      },
    ]),
    {
      title: "§5 504, in the provider's envelope: unconfirmed, never posted again",
      faults: "[[submit:error:504]]",
      ...unconfirmed(false),
    },
    {
      title: "§5 504, in the provider's envelope around a task: unconfirmed, never posted again",
      faults: "[[submit:error-after-accept:504]]",
      ...unconfirmed(true),
    },
    {
      title: "§5 504, a gateway's page: unconfirmed, never posted again",
      faults: "[[submit:page:504]]",
      ...unconfirmed(false),
    },
    {
      title: "§5 504, a gateway's page around a task: unconfirmed, never posted again",
      faults: "[[submit:page-after-accept:504]]",
      ...unconfirmed(true),
    },
  ];

  const FROM_TASKS: OrderRow[] = FAIL_CODES.flatMap(([code, failureClass]) => [
    { title: `§5 failCode ${code}: failed`, faults: `[[fail:${code}]]`, ...failedTask(code, failureClass) },
    isCapacity(failureClass)
      ? {
          title: `§5 failCode ${code}, further charges allowed: one more is made`,
          faults: `[[fail:${code}:1]]`,
          maxCharges: 3,
          video: { phase: "completed", charges: 2, reservedUsd: 0, billedUsd: PRICE_USD },
          bill: { posts: 2, charges: 2, netUsd: PRICE_USD },
        }
      : {
          title: `§5 failCode ${code}, further charges allowed: none is made`,
          faults: `[[fail:${code}:1]]`,
          maxCharges: 3,
          ...failedTask(code, failureClass),
        },
  ]);
  const ALL_CHARGES_FAIL: OrderRow[] = FAIL_CODES.filter(([, failureClass]) => isCapacity(failureClass)).map(
    ([code, failureClass]) => ({
      title: `§5 failCode ${code}, again and again: failed when the allowed charges are used`,
      faults: `[[fail:${code}]]`,
      maxCharges: 2,
      ...failedTask(code, failureClass, 2),
    }),
  );

  const FROM_SUBMIT: OrderRow[] = FAIL_CODES.filter(([, failureClass]) => failureClass !== "account").flatMap(
    ([code, failureClass]): OrderRow[] => {
      if (code === "a code that nobody has met") failureClass = "caller_input";
      return isCapacity(failureClass)
        ? [
            {
              title: `§5 failCode ${code} from submit: tried again, paid once`,
              faults: `[[submit:fail-code:${code}:1]]`,
              ...completed(2),
            },
          ]
        : [
            {
              title: `§5 failCode ${code} from submit: failed at once`,
              faults: `[[submit:fail-code:${code}]]`,
              ...refused({ class: failureClass }),
            },
          ];
    },
  );

  const all = [...ROWS, ...FROM_TASKS, ...ALL_CHARGES_FAIL, ...FROM_SUBMIT];
  let placed: ReadonlyMap<string, PlacedRow>;
  beforeAll(async () => {
    await system.startWorker(ROOMY);
    placed = await placeRows(system, all);
  });
  afterAll(async () => {
    await system.killWorkers();
    system.sandbox.reset();
  });

  test.each(titled(all))("%s", async (_, row) => void (await expectRow(system, row, placed)));

  test("none of those that wait for a person or have ended is posted again, while others go their way", async () => {
    const { id } = await system.order(
      { prompt: "a last order, after everything [[fail:Timeout:1]]" },
      { max_charges: 2 },
    );
    await system.untilEnded(id);
    for (const row of all) await expectRow(system, row, placed);
  });
});

describe("§5, strict: the provider's own 5xx are not believed", () => {
  const ROWS: OrderRow[] = [500, 502, 503].flatMap((status) => [
    {
      title: `§5 ${status}, strict: unconfirmed, never posted again`,
      faults: `[[submit:error:${status}:1]]`,
      ...unconfirmed(false),
    },
    {
      title: `§5 ${status}, strict, although a task exists: unconfirmed, so it is not paid twice`,
      faults: `[[submit:error-after-accept:${status}:1]]`,
      ...unconfirmed(true),
    },
  ]);
  ROWS.push({
    title: "§5 400, strict: failed all the same",
    faults: "[[submit:error:400]]",
    ...refused({ class: "caller_input" }),
  });
  let placed: ReadonlyMap<string, PlacedRow>;
  beforeAll(async () => {
    await system.startWorker({ ...ROOMY, SUBMIT_SAFETY: "strict" });
    placed = await placeRows(system, ROWS);
  });
  afterAll(async () => {
    await system.killWorkers();
    system.sandbox.reset();
  });

  test.each(titled(ROWS))("%s", async (_, row) => void (await expectRow(system, row, placed)));

  test("and stays so while others go their way", async () => {
    const { id } = await system.order({ prompt: "a strict last order" });
    await system.untilEnded(id);
    for (const row of ROWS) await expectRow(system, row, placed);
  });
});

describe("§5, BILL_FAILED_TASKS: a provider that keeps the money of failed tasks", () => {
  const kept = (charges: number) => ({ charges, reservedUsd: 0, billedUsd: charges * PRICE_USD });
  const ROWS: OrderRow[] = [
    ...(["NSFW", "Timeout", "Unknown error"] as const).map((code): OrderRow => ({
      title: `§5 failCode ${code}, billed: its charge counts`,
      faults: `[[fail:${code}]]`,
      video: {
        phase: "failed",
        error: {
          class: code === "NSFW" ? "content_policy" : code === "Timeout" ? "provider_capacity" : "unknown",
        },
        ...kept(1),
      },
      bill: { posts: 1, charges: 1, netUsd: PRICE_USD },
    })),
    {
      title: "§5 failCode Timeout, billed, further charges allowed: both count",
      faults: "[[fail:Timeout:1]]",
      maxCharges: 3,
      video: { phase: "completed", ...kept(2) },
      bill: { posts: 2, charges: 2, netUsd: 2 * PRICE_USD },
    },
  ];
  let placed: ReadonlyMap<string, PlacedRow>;
  beforeAll(async () => {
    system.sandbox.configure({ refundFailed: false });
    await system.startWorker({ ...ROOMY, BILL_FAILED_TASKS: "true" });
    placed = await placeRows(system, ROWS);
  });
  afterAll(async () => {
    await system.killWorkers();
    system.sandbox.reset();
  });

  test.each(titled(ROWS))("%s", async (_, row) => void (await expectRow(system, row, placed)));
});
