import { expect, test } from "vitest";
import { createCollectors } from "./collectors.ts";

function setUp(patienceMs = 60_000) {
  const clock = { nowMs: 0 };
  const counts = { rounds: 0, failures: 0 };
  const collectors = createCollectors({
    everyMs: 1000,
    patienceMs,
    now: () => clock.nowMs,
    onFailure: () => (counts.failures += 1),
  });
  return { clock, counts, collectors };
}

test("a round runs at most once a second", async () => {
  const { clock, counts, collectors } = setUp();
  collectors.add(async () => void (counts.rounds += 1));
  await collectors.run();
  clock.nowMs = 999;
  await collectors.run();
  expect(counts.rounds).toBe(1);
  clock.nowMs = 1000;
  await collectors.run();
  expect(counts.rounds).toBe(2);
});

test("scrapes at the same time share one round", async () => {
  const { clock, counts, collectors } = setUp();
  const slow = Promise.withResolvers<void>();
  collectors.add(() => {
    counts.rounds += 1;
    return slow.promise;
  });
  const first = collectors.run();
  clock.nowMs = 5000;
  const second = collectors.run();
  slow.resolve();
  await Promise.all([first, second]);
  expect(counts.rounds).toBe(1);
});

test("a collect that fails, now or later, is counted and keeps neither the others nor the scrape", async () => {
  const { counts, collectors } = setUp();
  collectors.add(() => {
    throw new Error("at once");
  });
  collectors.add(() => Promise.reject(new Error("later")));
  collectors.add(async () => void (counts.rounds += 1));
  await collectors.run();
  expect(counts).toEqual({ rounds: 1, failures: 2 });
});

test("a collect that hangs holds a scrape no longer than its patience, and is not started again", async () => {
  const { clock, counts, collectors } = setUp(5);
  collectors.add(() => {
    counts.rounds += 1;
    return new Promise(() => {});
  });
  await collectors.run();
  clock.nowMs = 10_000;
  await collectors.run();
  expect(counts.rounds).toBe(1);
});
