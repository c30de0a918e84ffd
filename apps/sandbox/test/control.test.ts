import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startSandbox, type Sandbox } from "../src/index.ts";
import { FAULTS } from "../src/faults/fault-table.ts";
import { DEFAULT_SETTINGS } from "../src/settings.ts";
import { type Client, createClient, item } from "./client.ts";

let sandbox: Sandbox;
let client: Client;

beforeAll(async () => {
  sandbox = await startSandbox({ speed: 100, seed: "control", ratePerWindow: 50 });
  client = createClient(sandbox);
});
beforeEach(() => sandbox.reset());
afterAll(() => sandbox.stop());

async function control(path: string, method = "GET", body?: unknown) {
  const response = await fetch(`${sandbox.origin}/sandbox/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

test("settings are read, and changed one by one, over HTTP", async () => {
  const expected = { ...DEFAULT_SETTINGS, ratePerWindow: 50, speed: 100, perKey: {} };
  expect((await control("settings")).json).toEqual(expected);
  const changed = await control("settings", "PATCH", { concurrency: 3, faults: { "status:null:2": 0.5 } });
  expect(changed.json).toEqual({ ...expected, concurrency: 3, faults: { "status:null:2": 0.5 } });
  await control("settings", "PATCH", { faults: { "submit:hang": 0.1, "status:null:2": 0 } });
  expect(sandbox.settings().faults).toEqual({ "submit:hang": 0.1 });
  await control("settings", "PATCH", { faults: null });
  expect(sandbox.settings().faults).toEqual({});
});

test("settings of one key can be named by the key or its label, and show the label only", async () => {
  await client.order();
  const label = item(sandbox.bill().charges, 0).key;
  await control("settings", "PATCH", { perKey: { "a-key": { concurrency: 1 } } });
  const { json } = await control("settings", "PATCH", { perKey: { [label]: { balanceUsd: 5 } } });
  expect(json["perKey"]).toEqual({ [label]: { concurrency: 1, balanceUsd: 5 } });
  expect(await client.balance()).toBe(4);
});

test.each<[string, unknown, string]>([
  ["a name nobody knows", { concurency: 1 }, "concurency"],
  ["a limit of nothing", { concurrency: 0 }, "concurrency"],
  ["a probability above 1", { faults: { "submit:hang": 2 } }, "submit:hang"],
  [
    "a fault that does not exist",
    { faults: { "submit:hangs": 0.1 } },
    "there is no fault named submit:hangs",
  ],
  [
    "a fault with a wrong argument",
    { faults: { "submit:error:x": 0.1 } },
    "submit:error takes a whole number as status",
  ],
  ["a range that runs backwards", { fiveSecondMs: [9, 3] }, "fiveSecondMs"],
  ["a wrong setting of one key", { concurrency: 4, perKey: { k: { expiredStatus: 418 } } }, "expiredStatus"],
  ["nothing", undefined, ""],
])("a patch with %s is refused and changes nothing", async (_what, patch, message) => {
  const before = sandbox.settings();
  const { status, json } = await control("settings", "PATCH", patch);
  expect(status).toBe(400);
  expect(json["message"]).toContain(message);
  expect(sandbox.settings()).toEqual(before);
});

test("tasks are listed, and ended by hand, well or badly, but once", async () => {
  const first = await client.order({ prompt: "[[task:never]]" });
  const second = await client.order({ prompt: "[[task:never]]" });
  expect((await control(`tasks/${first}/end`, "POST")).json).toMatchObject({
    taskId: first,
    state: "success",
  });
  expect((await control(`tasks/${first}/end`, "POST", {})).status).toBe(409);
  expect((await control(`tasks/${second}/end`, "POST", { failCode: "NSFW" })).json).toMatchObject({
    failCode: "NSFW",
  });
  expect((await control("tasks/task_0/end", "POST")).status).toBe(404);
  const { tasks } = (await control("tasks")).json as { tasks: object[] };
  expect(tasks).toMatchObject([
    { taskId: first, state: "success" },
    { taskId: second, state: "failed" },
  ]);
});

test("the journal lists what was answered, to whom and with which fault, and can be read on", async () => {
  const taskId = await client.order({ prompt: "[[status:error:502:1]]" });
  await client.status(taskId);
  await client.balance();
  await fetch(`${sandbox.url}/apikeys/current-balance`);
  const { entries } = (await control("journal")).json as { entries: { sequence: number }[] };
  const key = item(sandbox.bill().charges, 0).key;
  expect(entries).toMatchObject([
    { operation: "submit", outcome: 200, taskId, key, faults: [] },
    { operation: "status", outcome: 502, taskId, key, faults: ["status:error:502:1"] },
    { operation: "balance", outcome: 200, key },
    { operation: "balance", outcome: 401, key: null },
  ]);
  const after = (await control(`journal?after=${item(entries, 1).sequence}`)).json as { entries: unknown[] };
  expect(after.entries).toEqual(entries.slice(2));
});

test("the journal tells how a request introduced itself, and which order a submit was", async () => {
  const ask = (init: RequestInit) =>
    fetch(`${sandbox.url}/generateTask/kling-2-1`, { method: "POST", ...init });
  await ask({
    headers: { authorization: "Bearer a-key", "content-type": "application/json", "user-agent": "tests/1" },
    body: JSON.stringify({ input: { prompt: "a pond" } }),
  });
  await ask({ headers: { "user-agent": "tests/2" } });
  expect(sandbox.journal()).toMatchObject([
    { operation: "submit", outcome: 400, userAgent: "tests/1", prompt: "a pond" },
    { operation: "submit", outcome: 401, userAgent: "tests/2", prompt: "" },
  ]);
});

test("a reset forgets tasks, bill and journal, and returns to the settings of the start", async () => {
  const taskId = await client.order();
  await control("settings", "PATCH", { speed: 1, concurrency: 1, perKey: { "a-key": { balanceUsd: 0 } } });
  expect((await control("reset", "POST")).json).toEqual({ done: true });
  expect(sandbox.tasks()).toEqual([]);
  expect(sandbox.bill().totals).toEqual({ charges: 0, refunds: 0, chargedUsd: 0, refundedUsd: 0, netUsd: 0 });
  expect(sandbox.journal()).toEqual([]);
  expect(sandbox.settings()).toMatchObject({ speed: 100, concurrency: null, ratePerWindow: 50, perKey: {} });
  expect((await client.status(taskId)).status).toBe(404);
  expect(await client.order()).not.toBe(taskId);
});

test("every fault can be drawn by a setting, and is listed with its default argument", async () => {
  const { faults } = (await control("faults")).json as {
    faults: { name: string; argument: { default: unknown } | null }[];
  };
  expect(faults.map(({ name }) => name)).toEqual(FAULTS.map(({ name }) => name));
  for (const { name } of faults) sandbox.configure({ faults: { [name]: 0.01 } });
  expect(Object.keys(sandbox.settings().faults)).toHaveLength(FAULTS.length);
});

test("README names every fault and every setting with its default", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  for (const { name, does, argument } of FAULTS) {
    const written = argument === undefined ? `\`${name}\`` : `\`${name}:${argument.name}\``;
    expect(readme, name).toContain(`| ${written} | ${argument?.default ?? ""} | ${does} |`);
  }
  for (const [name, value] of Object.entries(DEFAULT_SETTINGS)) {
    expect(readme, name).toContain(`| \`${name}\` | \`${JSON.stringify(value)}\` |`);
  }
});

test("the page needs nothing from elsewhere, and the overview has what it shows", async () => {
  const response = await fetch(`${sandbox.origin}/`);
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(await response.text()).not.toMatch(/(src|href)="(https?:)?\/\//);
  const taskId = await client.order({ prompt: "[[task:never]]" });
  expect((await control("overview")).json).toMatchObject({
    seed: "control",
    totals: { charges: 1 },
    keys: [{ balanceUsd: 99_999, unfinished: 1 }],
    unfinishedCount: 1,
    unfinished: [{ taskId }],
    ended: [],
    charges: [{ taskId }],
  });
  const schema = (await control("settings/schema")).json as { properties: object };
  expect(Object.keys(schema.properties)).toEqual(Object.keys(DEFAULT_SETTINGS));
});

test("stopping ends promptly though a client is still waiting for an answer", async () => {
  const other = await startSandbox({ speed: 1 });
  const hanging = createClient(other);
  const answers = [
    hanging.submit({ prompt: "[[submit:hang]]" }),
    hanging.submit({ prompt: "[[submit:slow:900000]]" }),
    hanging.submit({ prompt: "[[submit:accept-late:900000]]" }),
  ].map((answer) =>
    answer.then(
      () => "answered",
      () => "dropped",
    ),
  );
  await hanging.order({ prompt: "[[task:never]]" });
  await other.stop();
  expect(await Promise.all(answers)).toEqual(["dropped", "dropped", "dropped"]);
});

test("a port that is taken makes the start fail and leaves nothing open", async () => {
  const port = Number(new URL(sandbox.origin).port);
  await expect(startSandbox({ port })).rejects.toThrow("EADDRINUSE");
});
