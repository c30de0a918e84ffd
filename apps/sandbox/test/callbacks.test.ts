import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { startSandbox, type Sandbox } from "../src/index.ts";
import { type Client, createClient, item, until } from "./client.ts";
import { startReceiver, type Receiver } from "./receiver.ts";

let sandbox: Sandbox;
let client: Client;
let receiver: Receiver;

beforeAll(async () => {
  // At this speed the documented 30 s would leave a receiver 3 ms to answer.
  sandbox = await startSandbox({ speed: 10_000, callbackTimeoutMs: 60_000_000 });
  client = createClient(sandbox);
});
beforeEach(async () => {
  sandbox.reset();
  receiver = await startReceiver();
});
afterEach(() => receiver.stop());
afterAll(() => sandbox.stop());

const callback = () => ({ request_type: "callback", callback_url: receiver.url });
const order = (markers = "") => client.order({ prompt: `a heron ${markers}` }, callback());
const received = (count: number) => until(() => receiver.received.length >= count || undefined);
const states = () => receiver.received.map(({ state }) => state);
const deliveries = () => sandbox.journal().filter(({ operation }) => operation === "callback");
const endNow = (taskId: string) => fetch(`${sandbox.origin}/sandbox/tasks/${taskId}/end`, { method: "POST" });
/** Everything the sandbox still had to send has been sent, and been answered. */
const settled = (count: number) => until(() => deliveries().length >= count || undefined);

test("when the task has ended, the status envelope is posted once to the callback URL", async () => {
  const taskId = await order();
  await settled(1);
  const { json } = await client.status(taskId);
  expect(receiver.received).toMatchObject([{ path: "/callbacks/t0ken" }]);
  expect(JSON.parse(item(receiver.received, 0).body)).toEqual(json);
  expect(json.data?.["state"]).toBe("success");
  expect(deliveries()).toMatchObject([{ taskId, outcome: 200 }]);
});

test("a failed task calls back too, and a task in polling mode does not", async () => {
  await client.ended(await client.order());
  await order("[[fail:NSFW]]");
  await settled(1);
  expect(JSON.parse(item(receiver.received, 0).body)).toMatchObject({
    data: { state: "failed", failCode: "NSFW" },
  });
  expect(deliveries()).toHaveLength(1);
});

test.each([201, 204, 302, 404, 500, 503])(
  "a receiver that answers %i is asked three times more, then no more",
  async (status) => {
    receiver.answer = () => status;
    await order();
    await settled(4);
    expect(deliveries().map(({ outcome }) => outcome)).toEqual([status, status, status, status]);
    expect(receiver.received.map(({ path }) => path)).toEqual(
      Array.from({ length: 4 }, () => "/callbacks/t0ken"),
    );
  },
);

test("deliveries are repeated after 30 s, 2 min and 10 min, until one is answered with 200", async () => {
  sandbox.configure({ speed: 1_000 });
  receiver.answer = (nth) => (nth < 4 ? 503 : 200);
  await order("[[task:instant]]");
  await settled(4);
  const gapsMs = receiver.received
    .slice(1)
    .map(({ time }, index) => time - item(receiver.received, index).time);
  // A timer may fire a millisecond early.
  for (const [index, leastMs] of [29, 119, 599].entries()) {
    expect(item(gapsMs, index)).toBeGreaterThanOrEqual(leastMs);
  }
  expect(deliveries().map(({ outcome }) => outcome)).toEqual([503, 503, 503, 200]);
});

test("a receiver that does not answer in time, or is not there, is asked again", async () => {
  sandbox.configure({ callbackTimeoutMs: 5_000_000 });
  receiver.answer = (nth) => (nth === 1 ? null : 200);
  await order();
  await received(2);
  sandbox.configure({ callbackTimeoutMs: 60_000_000 });
  await settled(2);
  expect(deliveries().map(({ outcome }) => outcome)).toEqual(["timeout", 200]);
  await receiver.stop();
  await order();
  await settled(6);
  expect(
    deliveries()
      .slice(2)
      .map(({ outcome }) => outcome),
  ).toEqual(Array.from({ length: 4 }, () => "unreachable"));
  receiver = await startReceiver();
});

test("a callback can be dropped", async () => {
  const dropped = await order("[[callback:drop]]");
  await client.ended(dropped);
  const delivered = await order();
  await settled(1);
  expect(deliveries().map(({ taskId }) => taskId)).toEqual([delivered]);
});

test("a callback can be duplicated", async () => {
  const taskId = await order("[[callback:duplicate:2]]");
  await settled(3);
  expect(receiver.received.map((one) => [one.taskId, one.state])).toEqual(
    Array.from({ length: 3 }, () => [taskId, "success"]),
  );
});

test("a callback can be late: the task has long ended when it comes", async () => {
  const taskId = await order("[[callback:late:5000000]]");
  const { completeTime } = await client.ended(taskId);
  await received(1);
  expect(item(receiver.received, 0).time - completeTime).toBeGreaterThanOrEqual(499);
});

test("a callback can come before the submit is answered, even if that answer is then lost", async () => {
  const taskId = await order("[[callback:early]]");
  expect(receiver.received).toMatchObject([{ taskId, state: "success" }]);
  await expect(order("[[callback:early]][[submit:reset-after-accept]]")).rejects.toThrow("fetch failed");
  expect(states()).toEqual(["success", "success"]);
});

test("an early callback that is not taken is delivered again", async () => {
  receiver.answer = (nth) => (nth === 1 ? 503 : 200);
  await order("[[callback:early]]");
  expect(receiver.received).toHaveLength(1);
  await settled(2);
  expect(deliveries().map(({ outcome }) => outcome)).toEqual([503, 200]);
});

test("callbacks of a state that is not final come before the end, or after it", async () => {
  const before = await order("[[callback:still-processing]][[task:never]]");
  await settled(1);
  await endNow(before);
  await settled(2);
  expect(states()).toEqual(["processing", "success"]);
  await order("[[callback:out-of-order:1000000]]");
  await settled(4);
  expect(states().slice(2)).toEqual(["success", "processing"]);
});

test.each<[string, (first: Receiver["received"][number], taskId: string) => void]>([
  [
    "callback:forged",
    (first, taskId) => {
      expect([first.taskId, first.state]).toEqual([taskId, "success"]);
      expect(first.body).toContain("files.forged.example");
    },
  ],
  ["callback:wrong-token", ({ path }) => expect(path).toBe(`/callbacks/${"0".repeat(32)}`)],
  ["callback:unknown-task", (first, taskId) => expect(first.taskId).not.toBe(taskId)],
  ["callback:garbage", ({ body }) => expect(() => JSON.parse(body) as unknown).toThrow(SyntaxError)],
  ["callback:oversized", ({ body }) => expect(body.length).toBeGreaterThan(1_000_000)],
])("%s comes first, is not repeated, and the honest one follows", async (marker, check) => {
  receiver.answer = (nth) => (nth === 1 ? 404 : 200);
  const taskId = await order(`[[${marker}]][[task:never]]`);
  await settled(1);
  await endNow(taskId);
  await settled(2);
  check(item(receiver.received, 0), taskId);
  expect(receiver.received[1]).toMatchObject({ path: "/callbacks/t0ken", taskId, state: "success" });
  expect(deliveries().map(({ outcome }) => outcome)).toEqual([404, 200]);
});

test("faults of callbacks add up", async () => {
  await order("[[callback:still-processing]][[callback:duplicate]]");
  await settled(4);
  expect(states().filter((state) => state === "processing")).toHaveLength(2);
  expect(states().filter((state) => state === "success")).toHaveLength(2);
});

test("after a reset nothing is delivered any more", async () => {
  receiver.answer = () => 503;
  await order("[[task:instant]]");
  await received(1);
  sandbox.reset();
  receiver.answer = () => 200;
  await order();
  await settled(1);
  expect(sandbox.journal().filter(({ operation }) => operation === "callback")).toMatchObject([
    { outcome: 200 },
  ]);
});
