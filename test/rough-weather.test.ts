import { untilTrue } from "@rushes/test-rig";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { completed, expectRow, placeRows, type OrderRow } from "./order-row.ts";
import { startSystem, type RunningSystem } from "./running-system.ts";

/*
 * Faults of what the system stands on. Those of the provider are in `provider-errors.test.ts`,
 * `provider-tolerances.test.ts` and `lost-answers.test.ts`.
 */

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.stop());

describe("Redis fails", () => {
  test("killed and started again in the middle: no order is lost, none is paid twice", async () => {
    await system.startWorker({ LIMIT_CONCURRENCY: "6" });
    await system.startWorker({ LIMIT_CONCURRENCY: "6" });
    // Tasks that run when Redis dies, and orders that wait for their places; no POST is under way, so none is lost.
    const running: OrderRow[] = [1, 2, 3, 4, 5, 6].map((nth) => ({
      title: `${nth} runs`,
      faults: "[[task:slow:200000]]",
      ...completed(),
    }));
    const waiting: OrderRow[] = [1, 2, 3].map((nth) => ({
      title: `${nth} waits`,
      faults: "",
      ...completed(),
    }));
    const first = await placeRows(system, running);
    for (const { id } of first.values())
      await untilTrue(async () => (await system.get(id)).phase === "generating");
    const second = await placeRows(system, waiting);
    await system.redis.kill();
    await system.redis.restart();
    await untilTrue(async () => (await fetch(`${system.api.url}/readyz`)).status === 200);
    for (const row of running) await expectRow(system, row, first);
    for (const row of waiting) await expectRow(system, row, second);
    expect(system.sandbox.bill().totals.refunds).toBe(0);
  });
});
