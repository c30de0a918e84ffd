import { untilTrue } from "@rushes/test-rig";
import { createCallbackTokens } from "@rushes/ledger";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startSystem, type RunningSystem, type WorkerProcess } from "./running-system.ts";

const CALLBACK_SECRET = "a-secret-of-this-test";

let system: RunningSystem;
beforeAll(async () => {
  // Scaled time would give receivers less than a second to answer.
  system = await startSystem({ sandbox: { callbackTimeoutMs: 400_000 }, api: { CALLBACK_SECRET } });
});
afterAll(() => system.stop());
afterEach(() => system.killWorkers());

const startWorker = (extra: Record<string, string> = {}): Promise<WorkerProcess> =>
  system.startWorker({ PUBLIC_URL: system.api.url, CALLBACK_SECRET, ...extra });

const post = (token: string, body: unknown = {}): Promise<Response> =>
  fetch(`${system.api.url}/callbacks/apixo/${token}`, { method: "POST", body: JSON.stringify(body) });

const chargesFor = (prompt: string): number =>
  system.sandbox.bill().charges.filter((charge) => charge.prompt === prompt).length;

describe("a lost answer comes back by its callback, and nothing is charged twice", () => {
  test.each([
    "reset-after-accept",
    "page-after-accept:504",
    "garbage-after-accept",
    "no-task-id-after-accept",
    "redirect-after-accept",
  ])("%s", { timeout: 60_000 }, async (fault) => {
    await startWorker();
    const prompt = `a lake [[submit:${fault}]]`;
    const { id } = await system.order({ prompt });
    await untilTrue(async () => (await system.get(id)).phase === "unconfirmed");
    const video = await system.untilEnded(id);
    expect(video.charges).toBe(1);
    expect(chargesFor(prompt)).toBe(1);
  });
});

describe("callbacks are hints", () => {
  test(
    "the poll is hurried, so a finished task is seen before its next look",
    { timeout: 60_000 },
    async () => {
      await startWorker({ POLL_FIRST_MS: "60000" });
      const { id } = await system.order();
      expect((await system.untilEnded(id)).status).toBe("completed");
    },
  );

  test.each([
    "callback:early",
    "callback:duplicate:3",
    "callback:still-processing",
    "callback:out-of-order",
    "callback:forged",
    "callback:wrong-token",
    "callback:unknown-task",
    "callback:garbage",
    "callback:oversized",
    "callback:drop",
  ])("%s changes nothing about the end", { timeout: 60_000 }, async (fault) => {
    await startWorker();
    const prompt = `a lake [[${fault}]]`;
    const { id } = await system.order({ prompt });
    const video = await system.untilEnded(id);
    expect([video.charges, chargesFor(prompt)]).toEqual([1, 1]);
  });

  test("what a callback says of the end is not believed", { timeout: 60_000 }, async () => {
    await startWorker();
    const { id } = await system.order({ prompt: "a lake [[task:slow]]" });
    await untilTrue(async () => (await system.get(id)).phase === "generating");
    const taskId = (await system.get(id)).provider.task_id;
    const callbackUrl = system.sandbox.tasks().find((task) => task.taskId === taskId)?.callbackUrl ?? "";
    const forged = { code: 200, message: "success", data: { taskId, state: "failed", failCode: "NSFW" } };
    const answer = await fetch(callbackUrl, { method: "POST", body: JSON.stringify(forged) });
    expect(answer.status).toBe(200);
    expect((await system.get(id)).phase).toBe("generating");
  });

  test("a token that was not made here is the address of nothing", async () => {
    const attempt = { videoId: "vid_01m85w3tdnsm8ze4yfxjsh0dqc", number: 1, secret: "s", account: "default" };
    const foreign = createCallbackTokens("another secret").make(attempt);
    for (const token of ["x", "a.b.c.d.e", foreign, `${foreign}x`]) {
      expect([token, (await post(token)).status]).toEqual([token, 404]);
    }
    // A right token for a video that is gone is taken, so that the provider stops.
    const own = createCallbackTokens(CALLBACK_SECRET).make(attempt);
    expect((await post(own, { code: 200, message: "success", data: { taskId: "t" } })).status).toBe(200);
  });

  test("while it cannot be recorded, the provider is told to come again", { timeout: 60_000 }, async () => {
    const attempt = { videoId: "vid_01m85w3tdnsm8ze4yfxjsh0dqc", number: 1, secret: "s", account: "default" };
    const token = createCallbackTokens(CALLBACK_SECRET).make(attempt);
    await system.redis.kill();
    expect((await post(token)).status).toBe(503);
    await system.redis.restart();
    await untilTrue(async () => (await post(token)).status === 200);
  });
});
