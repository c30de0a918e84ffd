import { untilTrue } from "@rushes/test-rig";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
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

/** Nothing is fixed: an empty variable counts as unset. */
const LEARNED = { LIMIT_CONCURRENCY: "", LIMIT_RATE: "" };

async function orderMany(count: number): Promise<string[]> {
  const videos = await Promise.all(
    Array.from({ length: count }, (_, index) => system.order({ prompt: `wave ${index}` })),
  );
  return videos.map(({ id }) => id);
}

type Limits = { account: string; concurrency: number | null; closed: string | null; look_stretch: number };
async function limits(): Promise<Limits[]> {
  const { data } = (await (await fetch(`${system.api.url}/v1/limits`)).json()) as { data: Limits[] };
  return data;
}

const refusals = (): number =>
  system.sandbox.journal().filter(({ operation, outcome }) => operation === "submit" && outcome === 429)
    .length;

test("two replicas learn how many tasks the provider takes at once, and every order ends with one charge", async () => {
  system.sandbox.configure({ concurrency: 2 });
  await Promise.all([system.startWorker(LEARNED), system.startWorker(LEARNED)]);
  const ids = await orderMany(12);
  for (const id of ids) await system.untilEnded(id);
  expect(system.sandbox.bill().charges).toHaveLength(12);
  expect(refusals()).toBeGreaterThan(0);
  // In virtual time a limit of two costs 6 to 12 refusals until it is known; who only repeats meets hundreds.
  expect(refusals()).toBeLessThan(25);
});

test("an account without balance is closed, and the other one does its work", async () => {
  system.sandbox.configure({ perKey: { "sk-empty": { balanceUsd: 0 } } });
  await system.startWorker({
    APIXO_API_KEY: "",
    APIXO_ACCOUNTS: JSON.stringify([
      { name: "empty", key: "sk-empty" },
      { name: "full", key: "sk-full" },
    ]),
  });
  const ids = await orderMany(4);
  for (const id of ids) expect((await system.untilEnded(id)).provider.account).toBe("full");
  await untilTrue(async () => (await limits()).some(({ account, closed }) => account === "empty" && closed));
  expect((await limits()).find(({ account }) => account === "full")?.closed).toBeNull();
});

test("a 429 on a look slows the looks and fails no video", async () => {
  system.sandbox.configure({ statusRatePerWindow: 1, rateWindowMs: 20_000 });
  await system.startWorker(LEARNED);
  const ids = await orderMany(2);
  await untilTrue(async () => (await limits()).some(({ look_stretch }) => look_stretch > 1.1));
  system.sandbox.configure({ statusRatePerWindow: null });
  for (const id of ids) await system.untilEnded(id);
  expect(system.sandbox.bill().charges).toHaveLength(2);
});
