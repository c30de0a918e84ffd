import { untilTrue } from "@rushes/test-rig";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startSystem, type RunningSystem } from "./running-system.ts";

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.stop());
afterEach(async () => {
  await system.killWorkers();
  system.sandbox.reset();
});

const orderMany = (count: number, input: object = {}): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, async () => (await system.order(input)).id));

async function expectEachPaidOnce(ids: readonly string[]): Promise<void> {
  for (const id of ids) expect((await system.untilEnded(id)).charges).toBe(1);
  const tasks = system.sandbox.bill().charges.map((charge) => charge.taskId);
  const followed = await Promise.all(ids.map(async (id) => (await system.get(id)).provider.task_id));
  expect(new Set(tasks)).toEqual(new Set(followed));
  expect(tasks).toHaveLength(ids.length);
}

describe("the provider refuses", () => {
  test(
    "429 for too many tasks at once: the account rests, every order is made, none is paid twice",
    { timeout: 90_000 },
    async () => {
      system.sandbox.configure({ concurrency: 3 });
      await system.startWorker({ LIMIT_CONCURRENCY: "6" });
      await system.startWorker({ LIMIT_CONCURRENCY: "6" });
      await expectEachPaidOnce(await orderMany(12));
      expect(
        system.sandbox.journal().some(({ operation, outcome }) => operation === "submit" && outcome === 429),
      ).toBe(true);
    },
  );

  test("its own 500, 502 and 503: tried again after backoff", { timeout: 60_000 }, async () => {
    await system.startWorker();
    for (const status of [500, 502, 503]) {
      await expectEachPaidOnce([...(await orderMany(1, { prompt: `a lake [[submit:error:${status}:2]]` }))]);
      system.sandbox.reset();
    }
  });

  test("strict: not even those are trusted, the video waits for a person", { timeout: 60_000 }, async () => {
    await system.startWorker({ SUBMIT_SAFETY: "strict", LEASE_MAX_MS: "2000" });
    const [id = ""] = await orderMany(1, { prompt: "a lake [[submit:error:500:1]]" });
    await untilTrue(async () => (await system.get(id)).phase === "unconfirmed");
    expect(system.sandbox.bill().charges).toEqual([]);
  });

  test("content: failed at once, free of charge, and never tried again", { timeout: 60_000 }, async () => {
    await system.startWorker();
    const ids = await orderMany(1, { prompt: "a lake [[submit:forbidden-content]]" });
    ids.push(...(await orderMany(1, { prompt: "a lake [[submit:fail-code:SensitiveContent]]" })));
    for (const id of ids) {
      const video = await system.untilEnded(id, "failed");
      expect(video).toMatchObject({
        charges: 0,
        cost: { reserved_usd: 0, billed_usd: 0 },
        error: { class: "content_policy" },
      });
    }
    expect(system.sandbox.bill().charges).toEqual([]);
  });

  test(
    "a task that fails for capacity is tried again only if another charge was allowed",
    { timeout: 60_000 },
    async () => {
      await system.startWorker();
      const prompt = "a lake [[fail:Timeout:1]]";
      const once = await system.order({ prompt });
      expect((await system.untilEnded(once.id, "failed")).error).toMatchObject({
        class: "provider_capacity",
      });
      const twice = await system.order({ prompt: `${prompt} again` }, { max_charges: 2 });
      expect((await system.untilEnded(twice.id)).charges).toBe(2);
    },
  );
});

/** Faults of the sandbox that a paid video survives, each for its first answer or its first few. */
const ODD_STATUS = [
  "null:3",
  "no-data:2",
  "not-found:3",
  "error:500:3",
  "error:401:2",
  "page:502:2",
  "empty:2",
  "garbage:2",
  "cut:2",
  "reset:2",
  "state:queuing:2",
  "stale:3",
  "no-times",
  "whole-seconds",
  "other-task:1",
];
const ODD_RESULT = [
  "object",
  "double-encoded",
  "url-objects",
  "no-urls:2",
  "missing:2",
  "null:2",
  "not-json:2",
];
const ODD_FILE = [
  "cut:1",
  "cut-unseen:1",
  "html:1",
  "disguised-html:1",
  "mistyped",
  "garbage:1",
  "nothing:1",
  "redirect",
  "expired:403:1",
  "expired:404:1",
  "expired:410:1",
  "error:503:2",
  "reset:2",
  "no-length",
  "until-close",
  "no-ranges",
];

describe("the provider or its result host answers oddly: the video is archived all the same, paid once", () => {
  test.each([
    ["status", ODD_STATUS.map((fault) => `status:${fault}`)],
    ["result", ODD_RESULT.map((fault) => `result:${fault}`)],
    ["file", ODD_FILE.map((fault) => `result:${fault}`)],
  ])("%s", { timeout: 120_000 }, async (_, faults) => {
    await system.startWorker({ LIMIT_CONCURRENCY: "20" });
    const ids = await Promise.all(
      faults.map(async (fault) => (await system.order({ prompt: `a lake [[${fault}]]` })).id),
    );
    await expectEachPaidOnce(ids);
  });
});

describe("Redis fails", () => {
  test(
    "killed and started again in the middle: no order is lost, none is paid twice",
    { timeout: 90_000 },
    async () => {
      await system.startWorker();
      await system.startWorker();
      const ids = await orderMany(8);
      await untilTrue(async () => (await system.get(ids[0] ?? "")).phase === "generating");
      await system.redis.kill();
      await system.redis.restart();
      await untilTrue(async () => (await fetch(`${system.api.url}/readyz`)).status === 200);
      await expectEachPaidOnce(ids);
    },
  );
});
