import { expect, test } from "vitest";
import { batchKey, cutBatches } from "./batches.ts";
import type { Order } from "./order.ts";

const order = (prompt: string): Order => ({ input: { mode: "master-text-to-video", prompt, duration: 5 } });

async function cut(orders: Order[], limits?: { mostOrders?: number; mostBytes?: number }) {
  const batches = [];
  for await (const { number, offset, orders: texts } of cutBatches(orders, limits))
    batches.push({ number, offset, prompts: texts.map((text) => (JSON.parse(text) as Order).input.prompt) });
  return batches;
}

test("cuts by count, in order", async () => {
  const orders = ["a", "b", "c", "d", "e"].map(order);
  expect(await cut(orders, { mostOrders: 2 })).toEqual([
    { number: 1, offset: 0, prompts: ["a", "b"] },
    { number: 2, offset: 2, prompts: ["c", "d"] },
    { number: 3, offset: 4, prompts: ["e"] },
  ]);
  expect(await cut(orders)).toHaveLength(1);
  expect(await cut([])).toEqual([]);
});

test("cuts by bytes, also where characters are more than one, and never leaves one out", async () => {
  const orders = ["ü".repeat(100), "b", "c".repeat(300), "d"].map(order);
  const mostBytes = Buffer.byteLength(JSON.stringify(orders[0])) + 1;
  const batches = await cut(orders, { mostBytes });
  expect(batches.map(({ prompts }) => prompts.length)).toEqual([1, 1, 1, 1]);
  expect(batches.map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
});

test("keys are the caller's with the number, and never too long for the api", () => {
  expect(batchKey("night", 1)).toBe("night.1");
  const long = "k".repeat(255);
  expect(batchKey(long, 12)).toMatch(/^[0-9a-f]{64}\.12$/);
  expect(batchKey(long, 12)).not.toBe(batchKey(`${long.slice(0, -1)}x`, 12));
});
