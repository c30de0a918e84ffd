import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startSandbox, type BillView, type Sandbox } from "../src/index.ts";
import { createClient, type Client } from "./client.ts";

let sandbox: Sandbox;
let client: Client;

beforeAll(async () => {
  sandbox = await startSandbox({ speed: 10_000 });
  client = createClient(sandbox);
});
beforeEach(() => sandbox.reset());
afterAll(() => sandbox.stop());

const images = { image_urls: ["https://images.example/a.jpg"] };

test.each([
  ["standard-image-to-video", 5, 0.2],
  ["standard-image-to-video", 10, 0.4],
  ["pro-image-to-video", 5, 0.35],
  ["pro-image-to-video", 10, 0.7],
  ["master-image-to-video", 5, 1],
  ["master-image-to-video", 10, 2],
  ["master-text-to-video", 5, 1],
  ["master-text-to-video", 10, 2],
] as const)("%s of %i seconds costs $%d", async (mode, duration, priceUsd) => {
  await client.order({ mode, duration, ...(mode.includes("image") && images) });
  expect(sandbox.bill().charges).toMatchObject([{ mode, duration, priceUsd }]);
  expect(await client.balance()).toBe(100_000 - priceUsd);
});

test("the bill over HTTP names the order behind every charge, but never the key", async () => {
  const taskId = await client.order({ prompt: "a red kite" });
  const late = { request_type: "callback", callback_url: "https://orders.example/callbacks/t0ken" };
  await client.order({ prompt: "a blue kite", duration: 10 }, late);
  const text = await (await fetch(`${sandbox.origin}/sandbox/bill`)).text();
  expect(text).not.toContain("a-key");
  const bill = JSON.parse(text) as BillView;
  expect(bill.charges[0]).toEqual({
    taskId,
    key: expect.stringMatching(/^key_[0-9a-f]{8}$/),
    mode: "master-text-to-video",
    duration: 5,
    priceUsd: 1,
    prompt: "a red kite",
    time: sandbox.tasks()[0]?.createTime,
    callbackUrl: null,
    refundedTime: null,
    submitFault: null,
  });
  expect(bill.charges[1]).toMatchObject({ prompt: "a blue kite", callbackUrl: late.callback_url });
  expect(bill.totals).toEqual({ charges: 2, refunds: 0, chargedUsd: 3, refundedUsd: 0, netUsd: 3 });
});

test("a failed task is refunded, unless that is turned off", async () => {
  await client.ended(await client.order({ prompt: "[[fail:Timeout]]" }));
  expect(sandbox.bill().charges[0]?.refundedTime).toEqual(expect.any(Number));
  expect(await client.balance()).toBe(100_000);

  sandbox.configure({ refundFailed: false });
  await client.ended(await client.order({ prompt: "[[fail:Timeout]]" }));
  expect(sandbox.bill().totals).toEqual({ charges: 2, refunds: 1, chargedUsd: 2, refundedUsd: 1, netUsd: 1 });
  expect(await client.balance()).toBe(99_999);
});

test("charging at success charges finished tasks only", async () => {
  sandbox.configure({ chargeAt: "success" });
  await client.order({ prompt: "[[task:never]]" });
  await client.ended(await client.order({ prompt: "[[fail:Timeout]]" }));
  expect(sandbox.bill().totals).toMatchObject({ charges: 0, netUsd: 0 });
  const taskId = await client.order();
  await client.ended(taskId);
  expect(sandbox.bill().charges).toMatchObject([{ taskId, priceUsd: 1 }]);
});

test("a task keeps the payment it was accepted under", async () => {
  const taskId = await client.order({ prompt: "[[task:never]]" });
  sandbox.configure({ refundFailed: false, chargeAt: "success" });
  const body = JSON.stringify({ failCode: "Timeout" });
  const headers = { "content-type": "application/json" };
  await fetch(`${sandbox.origin}/sandbox/tasks/${taskId}/end`, { method: "POST", body, headers });
  expect(sandbox.bill().totals).toMatchObject({ charges: 1, refunds: 1 });
});

test("an empty balance is 402 until it is filled again; running tasks go on", async () => {
  sandbox.configure({ balanceUsd: 1.5 });
  const taskId = await client.order();
  expect(await client.balance()).toBe(0.5);
  expect((await client.submit()).json).toEqual({
    code: 402,
    message: "Insufficient balance or quota",
    data: null,
  });
  expect((await client.submit({ mode: "pro-image-to-video", ...images })).status).toBe(200);
  expect((await client.ended(taskId)).state).toBe("success");
  sandbox.configure({ balanceUsd: 10 });
  expect((await client.submit()).status).toBe(200);
  expect(sandbox.bill().totals.charges).toBe(3);
});

test("each key has its own balance", async () => {
  const poor = createClient(sandbox, "poor");
  sandbox.configure({ perKey: { poor: { balanceUsd: 0.1 } } });
  expect((await poor.submit()).status).toBe(402);
  expect(await poor.balance()).toBe(0.1);
  await client.order();
  expect([await poor.balance(), await client.balance()]).toEqual([0.1, 99_999]);
});

test("the balance itself can be in trouble", async () => {
  sandbox.configure({ faults: { "balance:null": 1 } });
  expect(await client.balance()).toBe(null);
  sandbox.configure({ faults: { "balance:null": 0, "balance:text": 1 } });
  expect(await client.balance()).toBe("100000.0000");
});
