import { untilTrue } from "@rushes/test-rig";
import { createCallbackTokens } from "@rushes/ledger";
import type { JournalEntry } from "@rushes/sandbox";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  completed,
  expectRow,
  placeRows,
  PRICE_USD,
  titled,
  type OrderRow,
  type PlacedRow,
} from "./order-row.ts";
import { endTask } from "./end-task.ts";
import { billFor } from "./prompt-bill.ts";
import { startSystem, type RunningSystem, type WorkerProcess } from "./running-system.ts";

/*
 * The sixth point of what a client of APIXO's Kling 2.1 API must tolerate: callbacks of every kind, and what they are good
 * for when the answer to a submit was lost. The other points are in `provider-tolerances.test.ts`.
 */

const CALLBACK_SECRET = "a-secret-of-this-test";
/** A token is well formed for any video, whether or not there is one. */
const ATTEMPT = { videoId: "vid_01m85w3tdnsm8ze4yfxjsh0dqc", number: 1, secret: "s", account: "default" };

let system: RunningSystem;
beforeAll(async () => {
  // Scaled time would give receivers less than a second to answer.
  system = await startSystem({ sandbox: { callbackTimeoutMs: 400_000 }, api: { CALLBACK_SECRET } });
});
afterAll(() => system.stop());

/** Room for every row at once; what one row's 429 teaches is forgotten before the next. */
const ROOMY = { LIMIT_CONCURRENCY: "500", LIMIT_TIME_SCALE: "0.0005" };

const startWorker = (extra: Record<string, string> = {}): Promise<WorkerProcess> =>
  system.startWorker({ PUBLIC_URL: system.api.url, CALLBACK_SECRET, ...ROOMY, ...extra });

const post = (token: string, body: unknown = {}): Promise<Response> =>
  fetch(`${system.api.url}/callbacks/apixo/${token}`, { method: "POST", body: JSON.stringify(body) });

const callbacksFor = (taskId: string | null): JournalEntry[] =>
  system.sandbox.journal().filter((entry) => entry.operation === "callback" && entry.taskId === taskId);

describe("§6.6, callbacks of every kind", () => {
  const LOST = [
    "reset-after-accept",
    "page-after-accept:502",
    "page-after-accept:504",
    "error-after-accept:504",
    "empty-after-accept",
    "no-task-id-after-accept",
    "garbage-after-accept",
    "cut-after-accept",
    "redirect-after-accept",
  ].map((fault): OrderRow => ({
    title: `§6.6, the answer is lost (submit:${fault}): the callback brings the task back`,
    faults: `[[submit:${fault}]]`,
    ...completed(),
  }));
  const LOST_AND_ODD = [
    "callback:duplicate:3",
    "callback:late",
    "callback:early",
    "callback:still-processing",
    "callback:out-of-order",
    "callback:forged",
    "callback:wrong-token",
    "callback:garbage",
    "callback:oversized",
  ].map((fault): OrderRow => ({
    title: `§6.6, the answer is lost, and ${fault}: the task comes back all the same`,
    faults: `[[submit:reset-after-accept]] [[${fault}]]`,
    ...completed(),
  }));

  /** With what the api says to the deliveries, in any order. */
  const HINTS: readonly (readonly [fault: string, answers: readonly number[]])[] = [
    ["callback:duplicate:3", [200, 200, 200, 200]],
    // Twelve minutes, by the sandbox's speed.
    ["callback:late:720000", [200]],
    ["callback:out-of-order", [200, 200]],
    ["callback:early", [200]],
    ["callback:still-processing", [200, 200]],
    ["callback:forged", [200, 200]],
    ["callback:wrong-token", [404, 200]],
    ["callback:garbage", [200, 200]],
    ["callback:oversized", [413, 200]],
    ["callback:drop", []],
  ];
  const hint = (fault: string): OrderRow => ({
    title: `§6.6, ${fault}: changes nothing about the end`,
    faults: `[[${fault}]]`,
    ...completed(),
  });
  const all = [...LOST, ...LOST_AND_ODD, ...HINTS.map(([fault]) => hint(fault))];

  let placed: ReadonlyMap<string, PlacedRow>;
  beforeAll(async () => {
    await startWorker({ SUBMIT_CONCURRENCY: "40" });
    placed = await placeRows(system, all);
  });
  afterAll(() => system.killWorkers());

  test.each(titled([...LOST, ...LOST_AND_ODD]))(
    "%s",
    async (_, row) => void (await expectRow(system, row, placed)),
  );

  test.each(titled(HINTS.map(([fault, answers]) => ({ ...hint(fault), answers }))))(
    "%s",
    async (_, { answers, ...row }) => {
      const { id } = await expectRow(system, row, placed);
      const { task_id: taskId } = (await system.get(id)).provider;
      // Those that come after the end are waited for, and change nothing either.
      await untilTrue(() => callbacksFor(taskId).length >= answers.length, { timeoutMs: 45_000 });
      expect(
        callbacksFor(taskId)
          .map(({ outcome }) => Number(outcome))
          .toSorted(byNumber),
      ).toEqual(answers.toSorted(byNumber));
      await expectRow(system, row, placed);
    },
  );

  const byNumber = (a: number, b: number): number => a - b;
});

describe("§6.6, callbacks are hints", () => {
  afterEach(() => system.killWorkers());

  test("§6.6: the poll is hurried, so a finished task is seen before its next look", async () => {
    await startWorker({ POLL_FIRST_MS: "60000" });
    const { id } = await system.order();
    expect((await system.untilEnded(id)).status).toBe("completed");
  });

  /** An order whose task runs until it is ended, and where its callbacks go. */
  async function runningOrder(prompt: string): Promise<{ id: string; taskId: string; callbackUrl: string }> {
    const { id } = await system.order({ prompt: `${prompt} [[task:never]]` });
    await untilTrue(async () => (await system.get(id)).phase === "generating");
    const taskId = (await system.get(id)).provider.task_id ?? "";
    const callbackUrl = system.sandbox.tasks().find((task) => task.taskId === taskId)?.callbackUrl ?? "";
    return { id, taskId, callbackUrl };
  }

  async function deliver(url: string, data: object): Promise<number> {
    const body = JSON.stringify({ code: 200, message: "success", data });
    return (await fetch(url, { method: "POST", body })).status;
  }

  test("§6.6, forged: what a callback says of the end is not believed", async () => {
    await startWorker();
    const { id, taskId, callbackUrl } = await runningOrder("a forged end");
    const looks = (): number =>
      system.sandbox.journal().filter((entry) => entry.operation === "status" && entry.taskId === taskId)
        .length;
    expect(await deliver(callbackUrl, { taskId, state: "failed", failCode: "NSFW" })).toBe(200);
    // The look that the callback hurried has been and gone, and another one after it.
    const before = looks();
    await untilTrue(() => looks() >= before + 2);
    expect((await system.get(id)).phase).toBe("generating");
  });

  test("§6.6, for an unknown task: nobody follows it, but it counts, for it may be a charge too many", async () => {
    await startWorker();
    const { id, taskId, callbackUrl } = await runningOrder("an unknown task");
    expect(await deliver(callbackUrl, { taskId: `${taskId}unknown`, state: "success" })).toBe(200);
    await endTask(system, taskId);
    const video = await system.untilEnded(id);
    expect([video.provider.task_id, video.charges]).toEqual([taskId, 1]);
    expect(video.cost).toEqual({ reserved_usd: 0, billed_usd: 2 * PRICE_USD });
    expect(billFor(system.sandbox, "an unknown task [[task:never]]")).toEqual({
      posts: 1,
      charges: 1,
      netUsd: PRICE_USD,
    });
  });

  test("§6.6, forged: a token that was not made here is the address of nothing", async () => {
    const foreign = createCallbackTokens("another secret").make(ATTEMPT);
    for (const token of ["x", "a.b.c.d.e", foreign, `${foreign}x`]) {
      expect([token, (await post(token)).status]).toEqual([token, 404]);
    }
    // A right token for a video that is gone is taken, so that the provider stops.
    const own = createCallbackTokens(CALLBACK_SECRET).make(ATTEMPT);
    expect((await post(own, { code: 200, message: "success", data: { taskId: "t" } })).status).toBe(200);
  });

  test("§6.6: while it cannot be recorded, the provider is told to come again", async () => {
    const token = createCallbackTokens(CALLBACK_SECRET).make(ATTEMPT);
    await system.redis.kill();
    expect((await post(token)).status).toBe(503);
    await system.redis.restart();
    await untilTrue(async () => (await post(token)).status === 200);
  });
});
