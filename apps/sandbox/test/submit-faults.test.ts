import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startSandbox, type Sandbox } from "../src/index.ts";
import { createClient, TEXT_INPUT, until, type Client } from "./client.ts";

let sandbox: Sandbox;
let client: Client;

beforeAll(async () => {
  sandbox = await startSandbox({ speed: 10_000, seed: "submit" });
  client = createClient(sandbox);
});
beforeEach(() => sandbox.reset());
afterAll(() => sandbox.stop());

const withMarker = (marker: string) => client.submit({ prompt: `a lake ${marker}` });
/** What the client sees: the status, or that there was no answer. */
const seen = (marker: string) =>
  withMarker(marker).then(
    ({ status }) => status,
    () => "no answer",
  );
/** What a client sees that gives up when the sandbox has had its say. */
async function abandoned(marker: string, when: () => boolean): Promise<string> {
  const giveUp = new AbortController();
  const headers = { authorization: "Bearer a-key", "content-type": "application/json" };
  const body = JSON.stringify({ input: { ...TEXT_INPUT, prompt: marker } });
  const options = { method: "POST", headers, body, signal: giveUp.signal };
  const answer = fetch(`${sandbox.url}/generateTask/kling-2-1`, options).then(
    () => "answered",
    () => "abandoned",
  );
  await until(() => when() || undefined);
  giveUp.abort();
  return answer;
}

test.each([400, 401, 402, 403, 404, 429, 500, 502, 503, 504])(
  "status %i can be answered in the provider's envelope, without a charge",
  async (status) => {
    const answer = await withMarker(`[[submit:error:${status}]]`);
    expect([answer.status, answer.json]).toEqual([
      status,
      { code: status, message: expect.any(String), data: null },
    ]);
    expect(sandbox.bill().charges).toEqual([]);
  },
);

test.each<[string, number | string]>([
  ["submit:page:503", 503],
  ["submit:reset", "no answer"],
  ["submit:redirect:308", 308],
  ["submit:empty", 200],
  ["submit:no-task-id", 200],
  ["submit:fail-code:NSFW", 400],
  ["submit:forbidden-content", 403],
])("%s charges nothing", async (marker, outcome) => {
  expect(await seen(`[[${marker}]]`)).toBe(outcome);
  expect(sandbox.tasks()).toEqual([]);
  expect(sandbox.bill().charges).toEqual([]);
});

test.each<[string, number | string]>([
  ["submit:error-after-accept:504", 504],
  ["submit:error-after-accept", 500],
  ["submit:page-after-accept:502", 502],
  ["submit:reset-after-accept", "no answer"],
  ["submit:redirect-after-accept", 307],
  ["submit:empty-after-accept", 200],
  ["submit:no-task-id-after-accept", 200],
  ["submit:garbage-after-accept", 200],
  ["submit:cut-after-accept", "no answer"],
])("%s charges, and the bill says which fault ate the answer", async (marker, outcome) => {
  expect(await seen(`[[${marker}]]`)).toBe(outcome);
  expect(sandbox.bill().charges).toMatchObject([{ submitFault: marker, priceUsd: 1 }]);
  const taskId = sandbox.tasks()[0]?.taskId ?? "";
  expect((await client.ended(taskId)).state).toBe("success");
});

test("a hanging submit never answers, before or after acceptance", async () => {
  const wasWritten = () => sandbox.journal().some(({ outcome }) => outcome === "hang");
  expect(await abandoned("[[submit:hang]]", wasWritten)).toBe("abandoned");
  expect(sandbox.bill().charges).toEqual([]);
  sandbox.reset();
  expect(await abandoned("[[submit:hang-after-accept]]", wasWritten)).toBe("abandoned");
  expect(sandbox.bill().charges).toMatchObject([{ submitFault: "submit:hang-after-accept" }]);
});

test("what a client cannot read is a gateway's HTML, broken JSON or nothing", async () => {
  expect((await withMarker("[[submit:page-after-accept:504]]")).text).toContain(
    "<h1>504 Upstream timeout</h1>",
  );
  const garbage = await withMarker("[[submit:garbage-after-accept]]");
  expect(() => JSON.parse(garbage.text) as unknown).toThrow(SyntaxError);
  expect((await withMarker("[[submit:empty]]")).text).toBe("");
  expect((await withMarker("[[submit:no-task-id]]")).json).toEqual({
    code: 200,
    message: "success",
    data: {},
  });
});

test("a failCode may come back at once", async () => {
  expect((await withMarker("[[submit:fail-code:PROMPT_TOO_LONG]]")).json).toEqual({
    code: 400,
    message: "The prompt is too long",
    data: { failCode: "PROMPT_TOO_LONG", failMsg: "The prompt is too long" },
  });
  expect((await withMarker("[[submit:forbidden-content]]")).json).toMatchObject({
    code: 403,
    data: { failCode: "CONTENT_VIOLATION" },
  });
});

test("whoever follows a redirect with the body posts, and pays, again", async () => {
  const headers = { authorization: "Bearer a-key", "content-type": "application/json" };
  const body = JSON.stringify({ input: { ...TEXT_INPUT, prompt: "[[submit:redirect-after-accept]]" } });
  const response = await fetch(`${sandbox.url}/generateTask/kling-2-1`, { method: "POST", headers, body });
  expect(response.status).toBe(200);
  expect(sandbox.bill().charges).toMatchObject([
    { submitFault: "submit:redirect-after-accept" },
    { submitFault: null },
  ]);
});

test("a slow answer comes after an acceptance that does not wait for it", async () => {
  sandbox.configure({ speed: 1 });
  expect(await abandoned("[[submit:slow:60000]]", () => sandbox.bill().charges.length === 1)).toBe(
    "abandoned",
  );
  sandbox.configure({ speed: 10_000 });
  expect(await seen("[[submit:slow:1000]]")).toBe(200);
});

test("a late acceptance charges even when the client has gone away before it", async () => {
  sandbox.configure({ speed: 100 });
  const body = JSON.stringify({ input: { ...TEXT_INPUT, prompt: "[[submit:accept-late:20000]]" } });
  const head = [
    "POST /api/v1/generateTask/kling-2-1 HTTP/1.1",
    "host: 127.0.0.1",
    "authorization: Bearer a-key",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  const socket = connect(Number(new URL(sandbox.origin).port), "127.0.0.1");
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroySoon());
  await once(socket, "close");
  expect(sandbox.bill().charges).toEqual([]);
  await until(() => sandbox.bill().charges.length === 1);
});

test("a fault with times strikes the first submits of a prompt only", async () => {
  const statuses = [];
  for (let nth = 0; nth < 3; nth += 1) statuses.push(await seen("[[submit:error:503:2]]"));
  expect(statuses).toEqual([503, 503, 200]);
  expect((await client.submit({ prompt: "another [[submit:error:503:2]]" })).status).toBe(503);
  expect(sandbox.bill().totals.charges).toBe(1);
});

test("a marker that is misspelt is refused instead of doing nothing; other brackets are plain text", async () => {
  const refused = await withMarker("[[submit:rest]]");
  expect([refused.status, refused.json.message]).toEqual([
    400,
    "[[submit:rest]]: there is no fault named submit:rest",
  ]);
  expect(await seen("[[camera:left]] [[submit]")).toBe(200);
});

test("a probability of 0.3 strikes about that share of the submits", async () => {
  sandbox.configure({ faults: { "submit:error:500": 0.3 } });
  const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await client.submit()).status));
  const struck = statuses.filter((status) => status === 500).length;
  expect(struck).toBeGreaterThan(12);
  expect(struck).toBeLessThan(50);
  expect(sandbox.bill().totals.charges).toBe(100 - struck);
});

test("a key with faults of its own does not meet the general ones", async () => {
  const lucky = createClient(sandbox, "lucky");
  sandbox.configure({ faults: { "submit:error:500": 1 }, perKey: { lucky: { faults: {} } } });
  expect([(await client.submit()).status, (await lucky.submit()).status]).toEqual([500, 200]);
});

test.each<[string, number, string]>([
  ["envelope:http-200", 200, '{"code":429,"message":"Rate limit or concurrency limit reached","data":null}'],
  ["envelope:no-data", 429, '{"code":429,"message":"Rate limit or concurrency limit reached"}'],
  [
    "envelope:data-error",
    429,
    '{"code":429,"message":"Rate limit or concurrency limit reached","data":{"error":"Rate limit or concurrency limit reached"}}',
  ],
  ["envelope:msg", 429, '{"code":429,"msg":"Rate limit or concurrency limit reached","data":null}'],
  [
    "envelope:string-code",
    429,
    '{"code":"429","message":"Rate limit or concurrency limit reached","data":null}',
  ],
  ["envelope:empty", 429, ""],
])("%s gives an error another form", async (marker, status, text) => {
  const answer = await withMarker(`[[submit:error:429]][[${marker}]]`);
  expect([answer.status, answer.text]).toEqual([status, text]);
});

test("errors may come as HTML, to those without a key too", async () => {
  sandbox.configure({ faults: { "envelope:html": 1 } });
  const response = await fetch(`${sandbox.url}/apikeys/current-balance`);
  expect([response.status, response.headers.get("content-type")]).toEqual([401, "text/html"]);
  expect(await client.balance()).toBe(100_000);
});
