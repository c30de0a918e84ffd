import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startSandbox, type Sandbox } from "../src/index.ts";
import { createClient, until, type Client } from "./client.ts";

let sandbox: Sandbox;
let client: Client;

beforeAll(async () => {
  sandbox = await startSandbox({ speed: 10_000 });
  client = createClient(sandbox);
});
beforeEach(() => sandbox.reset());
afterAll(() => sandbox.stop());

/** A task with these markers that has ended, without a poll having been spent on it. */
async function endedTask(markers: string): Promise<string> {
  return client.order({ prompt: `${markers}[[task:instant]]` }).then(async (taskId) => {
    await until(() => sandbox.tasks().every(({ completeTime }) => completeTime !== null) || undefined);
    return taskId;
  });
}
const running = (markers: string) => client.order({ prompt: `${markers}[[task:never]]` });

test.each<[string, unknown]>([
  ["status:null:3", { code: 200, message: "success", data: null }],
  ["status:no-data:3", { code: 200, message: "success" }],
  ["status:not-found:3", { code: 404, message: "Task not found", data: null }],
  ["status:error:401:3", { code: 401, message: "Missing or invalid API key", data: null }],
  ["status:error:500:3", { code: 500, message: "Server error", data: null }],
])("%s gives three such answers, then the truth", async (marker, envelope) => {
  const taskId = await running(`[[${marker}]]`);
  for (let nth = 1; nth <= 3; nth += 1) expect((await client.status(taskId)).json).toEqual(envelope);
  expect((await client.status(taskId)).json.data).toMatchObject({ taskId });
});

test.each<[string, number, string]>([
  ["status:page:503:1", 503, "<html>"],
  ["status:empty:1", 200, ""],
  ["status:garbage:1", 200, '{"code":200,"message":"success","data":{'],
])("%s cannot be read", async (marker, status, text) => {
  const answer = await client.status(await running(`[[${marker}]]`));
  expect([answer.status, answer.text.startsWith(text), answer.json.message]).toEqual([
    status,
    true,
    "not JSON",
  ]);
});

test.each(["status:reset:1", "status:cut:1"])("%s gives no whole answer once", async (marker) => {
  const taskId = await running(`[[${marker}]]`);
  await expect(client.status(taskId)).rejects.toThrow(/fetch failed|terminated/);
  expect((await client.status(taskId)).status).toBe(200);
});

test("a status request can hang, and can be slow", async () => {
  const giveUp = new AbortController();
  const taskId = await running("[[status:hang:1]][[status:slow:1000]]");
  const headers = { authorization: "Bearer a-key" };
  const answer = fetch(`${sandbox.url}/statusTask/kling-2-1?taskId=${taskId}`, {
    headers,
    signal: giveUp.signal,
  });
  await until(() => sandbox.journal().some(({ outcome }) => outcome === "hang") || undefined);
  giveUp.abort();
  await expect(answer).rejects.toThrow("aborted");
  expect((await client.status(taskId)).status).toBe(200);
  expect(sandbox.journal().at(-1)?.faults).toEqual(["status:slow:1000"]);
});

test.each(["waiting", "queuing", "generating"])(
  "a running task may be called %s, an ended one not",
  async (word) => {
    const taskId = await running(`[[status:state:${word}]]`);
    expect((await client.status(taskId)).json.data?.["state"]).toBe(word);
    await fetch(`${sandbox.origin}/sandbox/tasks/${taskId}/end`, { method: "POST" });
    expect((await client.status(taskId)).json.data?.["state"]).toBe("success");
  },
);

test("a failed task may be spelled fail", async () => {
  const taskId = await endedTask("[[fail:NSFW]][[status:short-fail]]");
  expect((await client.status(taskId)).json.data).toMatchObject({ state: "fail", failCode: "NSFW" });
});

test("an ended task may look as if it ran, for some reads", async () => {
  const taskId = await running("[[status:stale:2]]");
  for (let nth = 0; nth < 3; nth += 1) await client.status(taskId);
  await fetch(`${sandbox.origin}/sandbox/tasks/${taskId}/end`, { method: "POST" });
  const states = [];
  for (let nth = 0; nth < 3; nth += 1) states.push((await client.status(taskId)).json.data?.["state"]);
  expect(states).toEqual(["processing", "processing", "success"]);
});

test("times may be missing or whole seconds, and the id another task's", async () => {
  const bare = (await client.status(await endedTask("[[status:no-times]]"))).json.data ?? {};
  expect(Object.keys(bare)).toEqual(["taskId", "state", "resultJson", "createTime"]);

  const whole = (await client.status(await endedTask("[[status:whole-seconds]]"))).json.data ?? {};
  for (const name of ["createTime", "completeTime", "costTime"]) expect(Number(whole[name]) % 1000).toBe(0);

  const taskId = await endedTask("[[status:other-task]]");
  expect((await client.status(taskId)).json.data?.["taskId"]).not.toBe(taskId);
});

test.each([
  "Missing required parameter",
  "ImageNotAccess",
  "SensitiveContent",
  "NSFW_DETECTED",
  "PROCESSING_TIMEOUT",
  "SomethingNobodyHasSeen",
])("a task can end with the failCode %s", async (failCode) => {
  const taskId = await endedTask(`[[fail:${failCode}]]`);
  const { data } = (await client.status(taskId)).json;
  expect(data).toMatchObject({ state: "failed", failCode, failMsg: expect.any(String) });
  expect(data).not.toHaveProperty("resultJson");
});

test("a failure with times strikes the first tasks of a prompt, so that a second charge succeeds", async () => {
  const states = [];
  for (let nth = 0; nth < 2; nth += 1) {
    states.push((await client.ended(await client.order({ prompt: "a fox [[fail:Timeout:1]]" }))).state);
  }
  expect(states).toEqual(["failed", "success"]);
});

test("a task can take minutes, end at once or never", async () => {
  await client.order({ prompt: "[[task:slow:600000]]" });
  await client.order({ prompt: "[[task:instant]]" });
  await client.order({ prompt: "[[task:never]]" });
  const lasts = sandbox.tasks().map(({ createTime, dueTime }) => dueTime && dueTime - createTime);
  expect(lasts).toEqual([60, 0, null]);
});

test("an ended task is forgotten after a set life", async () => {
  sandbox.configure({ taskLifeMs: 1_000_000 });
  const taskId = await endedTask("");
  expect((await client.status(taskId)).status).toBe(200);
  await until(async () => (await client.status(taskId)).status === 404 || undefined);
});

const url = (taskId: string, part = "") => `${sandbox.fileOrigin}/files/${taskId}-0${part}.mp4`;

test.each<[string, (taskId: string) => unknown]>([
  ["result:object", (id) => ({ resultUrls: [url(id)] })],
  ["result:double-encoded", (id) => JSON.stringify(JSON.stringify({ resultUrls: [url(id)] }))],
  ["result:url-objects", (id) => JSON.stringify({ resultUrls: [{ url: url(id) }] })],
  ["result:several-urls:3", (id) => JSON.stringify({ resultUrls: [url(id), url(id, ".1"), url(id, ".2")] })],
  ["result:no-urls", () => JSON.stringify({ resultUrls: [] })],
  ["result:missing", () => undefined],
  ["result:null", () => null],
  ["result:blank", () => ""],
  ["result:not-json", (id) => `resultUrls=${url(id)}`],
  ["result:private-url", () => JSON.stringify({ resultUrls: ["http://169.254.169.254/latest/meta-data/"] })],
])("%s gives resultJson another form", async (marker, resultJson) => {
  const taskId = await endedTask(`[[${marker}]]`);
  const { data } = (await client.status(taskId)).json;
  expect([data?.["state"], data?.["resultJson"]]).toEqual(["success", resultJson(taskId)]);
});

test("the files of a task with several are different and all there", async () => {
  const taskId = await endedTask("[[result:several-urls:3]]");
  const bodies = new Set<string>();
  for (const part of ["", ".1", ".2"]) {
    const response = await fetch(url(taskId, part));
    expect(response.status).toBe(200);
    bodies.add(Buffer.from(await response.arrayBuffer()).toString("base64"));
  }
  expect(bodies.size).toBe(3);
});

test("a success without URLs for some reads has them later", async () => {
  const taskId = await endedTask("[[result:no-urls:2]]");
  const counts = [];
  for (let nth = 0; nth < 3; nth += 1) {
    const { resultJson } = (await client.status(taskId)).json.data as { resultJson: string };
    counts.push((JSON.parse(resultJson) as { resultUrls: string[] }).resultUrls.length);
  }
  expect(counts).toEqual([0, 0, 1]);
});

test("with times a probability is drawn once for the whole task", async () => {
  sandbox.configure({ faults: { "status:null:2": 0.5 } });
  const patterns = new Set<string>();
  for (let nth = 0; nth < 20; nth += 1) {
    const taskId = await running("");
    const answers = [];
    for (let poll = 0; poll < 3; poll += 1)
      answers.push((await client.status(taskId)).json.data === null ? "null" : "data");
    patterns.add(answers.join());
  }
  expect([...patterns].toSorted()).toEqual(["data,data,data", "null,null,data"]);
});
