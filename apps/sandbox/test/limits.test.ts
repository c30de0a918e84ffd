import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startSandbox, type Sandbox } from "../src/index.ts";
import { type Client, createClient, item, until } from "./client.ts";

let sandbox: Sandbox;
let client: Client;

beforeAll(async () => {
  // A day's window at this speed is 86 s: it does not end by itself during a test.
  sandbox = await startSandbox({ speed: 1_000, rateWindowMs: 86_400_000 });
  client = createClient(sandbox);
});
beforeEach(() => sandbox.reset());
afterAll(() => sandbox.stop());

const times = async <T>(count: number, act: () => Promise<T>): Promise<T[]> => {
  const done: T[] = [];
  for (let nth = 0; nth < count; nth += 1) done.push(await act());
  return done;
};
const submitStatus = async () => (await client.submit()).status;

test("one submit more than the rate allows is 429, in the envelope and without Retry-After, and is not charged", async () => {
  sandbox.configure({ ratePerWindow: 2 });
  expect(await times(2, submitStatus)).toEqual([200, 200]);
  const refused = await client.submit();
  expect([refused.status, refused.json]).toEqual([
    429,
    { code: 429, message: "Rate limit or concurrency limit reached", data: null },
  ]);
  expect(refused.headers.has("retry-after")).toBe(false);
  expect(sandbox.bill().totals.charges).toBe(2);
});

test("the window slides: a place is free again once the first acceptance is older than the window", async () => {
  sandbox.configure({ ratePerWindow: 1, rateWindowMs: 100_000 });
  expect(await submitStatus()).toBe(200);
  await until(async () => (await submitStatus()) === 200);
  const { charges } = sandbox.bill();
  expect(item(charges, 1).time - item(charges, 0).time).toBeGreaterThanOrEqual(100);
});

test("refused submits fill the window only when that is set", async () => {
  sandbox.configure({ ratePerWindow: 2 });
  const invalid = async () => (await client.submit({ duration: 7 })).status;
  expect(await times(3, invalid)).toEqual([400, 400, 400]);
  expect(await submitStatus()).toBe(200);
  sandbox.reset();
  sandbox.configure({ ratePerWindow: 2, rateCounts: "all" });
  expect(await times(3, invalid)).toEqual([400, 400, 429]);
  expect(await submitStatus()).toBe(429);
});

test("every key has a window of its own, and may have a limit of its own", async () => {
  const other = createClient(sandbox, "other");
  sandbox.configure({ ratePerWindow: 1, perKey: { other: { ratePerWindow: 2 } } });
  expect(await times(2, submitStatus)).toEqual([200, 429]);
  expect(await times(3, async () => (await other.submit()).status)).toEqual([200, 200, 429]);
  sandbox.configure({ perKey: { other: null } });
  expect((await other.submit()).status).toBe(429);
});

test("one unfinished task more than the concurrency allows is 429 until one ends", async () => {
  sandbox.configure({ concurrency: 1, faults: { "task:never": 1 } });
  const taskId = await client.order();
  expect((await client.submit()).json.code).toBe(429);
  await fetch(`${sandbox.origin}/sandbox/tasks/${taskId}/end`, { method: "POST" });
  expect(await submitStatus()).toBe(200);
});

test("status requests have a limit of their own, or share the submits'", async () => {
  const taskId = await client.order();
  const statusStatus = async () => (await client.status(taskId)).status;
  sandbox.configure({ statusRatePerWindow: 2 });
  expect(await times(3, statusStatus)).toEqual([200, 200, 429]);
  expect(await submitStatus()).toBe(200);

  sandbox.reset();
  const shared = await client.order();
  sandbox.configure({ ratePerWindow: 3, statusSharesRate: true });
  expect(await times(3, async () => (await client.status(shared)).status)).toEqual([200, 200, 429]);
  expect(await submitStatus()).toBe(429);
});

test("a Retry-After can be sent, in seconds at the sandbox's speed", async () => {
  sandbox.configure({ ratePerWindow: 1, retryAfterS: 5_500 });
  await client.submit();
  expect((await client.submit()).headers.get("retry-after")).toBe("6");
});
