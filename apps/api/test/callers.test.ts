import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestRedis, type TestRedis } from "@rushes/test-rig";
import { freshKey, runApi, sha256Hex, storedKeys, textOrder, type RunningApi } from "./running-api.ts";

const ANNA = "anna-key-0123456789";
const BEN = "ben-key-0123456789";
const OPS = "ops-key-0123456789";

let server: TestRedis;
let api: RunningApi;
let annas: string;
let bens: string;

beforeAll(async () => {
  server = await startTestRedis();
  api = await runApi(server.url, {
    API_KEYS: `anna:${sha256Hex(ANNA)},ben:${sha256Hex(BEN).toUpperCase()}, ops:${sha256Hex(OPS)}:admin`,
  });
  annas = (await api.order(textOrder({ prompt: "of Anna" }), { key: ANNA })).json.id;
  bens = (await api.order(textOrder({ prompt: "of Ben" }), { key: BEN })).json.id;
});

afterAll(async () => {
  await api.stop(new AbortController().signal);
  await server.stop();
});

describe("without a known key", () => {
  const refused: readonly (string | undefined)[] = [
    undefined,
    "",
    "Bearer",
    "Bearer ",
    `Bearer ${ANNA}x`,
    `Bearer ${ANNA.slice(0, -1)}`,
    `Bearer ${ANNA} ${ANNA}`,
    `Bearer ${sha256Hex(ANNA)}`,
    "Bearer anna",
    `Basic ${ANNA}`,
    ANNA,
    `Bearer ${"x".repeat(10_000)}`,
  ];
  const paths = ["GET /v1/videos", "POST /v1/videos", "GET /v1/videos/ID", "POST /v1/videos/ID/cancel"];

  test.each(refused.flatMap((authorization) => paths.map((path) => ({ authorization, path }))))(
    "$path with Authorization: $authorization is 401, and nothing happens",
    async ({ authorization, path }) => {
      const before = await storedKeys(server.url, api.prefix);
      const [method = "", address = ""] = path.replace("ID", annas).split(" ");
      const answer = await api.ask(address, {
        method,
        headers: authorization === undefined ? {} : { authorization },
        ...(method === "POST" && address === "/v1/videos" ? { body: textOrder() } : {}),
      });
      expect([answer.status, answer.json.code]).toEqual([401, "unauthorized"]);
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
      expect(await storedKeys(server.url, api.prefix)).toEqual(before);
    },
  );

  test("health and metrics answer", async () => {
    for (const path of ["/livez", "/readyz", "/metrics"]) expect((await api.ask(path)).status).toBe(200);
  });

  test("a body is not read before the key is known", async () => {
    const { status } = await api.ask("/v1/videos", { method: "POST", body: "x".repeat(1_000_000) });
    expect(status).toBe(401);
  });
});

test("the scheme may be written in any case", async () => {
  const answer = await api.ask(`/v1/videos/${annas}`, { headers: { authorization: `bEARER   ${ANNA}` } });
  expect(answer.status).toBe(200);
});

describe("a caller", () => {
  test("sees their own videos only, and an admin all", async () => {
    const list = async (key: string) =>
      ((await api.ask("/v1/videos", { key })).json.data as { id: string }[]).map(({ id }) => id);
    expect(await list(ANNA)).toEqual([annas]);
    expect(await list(BEN)).toEqual([bens]);
    expect((await list(OPS)).toSorted()).toEqual([annas, bens].toSorted());
    expect((await api.ask("/v1/videos?status=queued", { key: BEN })).json.data.length).toBe(1);
  });

  test("cannot tell another's video from one that does not exist", async () => {
    const missing = `vid_${"0".repeat(26)}`;
    for (const [method, verb] of [
      ["GET", ""],
      ["POST", "/cancel"],
    ] as const) {
      const headers = { "x-request-id": "same" };
      const others = await api.ask(`/v1/videos/${bens}${verb}`, { method, key: ANNA, headers });
      const nobodys = await api.ask(`/v1/videos/${missing}${verb}`, { method, key: ANNA, headers });
      expect(others.status).toBe(404);
      expect(others.text).toBe(nobodys.text);
    }
    expect((await api.ask(`/v1/videos/${bens}`, { key: BEN })).json.phase).toBe("queued");
  });

  test("has idempotency keys of their own", async () => {
    const idempotencyKey = freshKey();
    const one = await api.order(textOrder(), { key: ANNA, idempotencyKey });
    const other = await api.order(textOrder({ prompt: "else" }), { key: BEN, idempotencyKey });
    expect([one.status, other.status]).toEqual([202, 202]);
    expect(other.json.id).not.toBe(one.json.id);
  });

  test("may start a page after anybody's id without learning of it", async () => {
    const { status, json } = await api.ask(`/v1/videos?after=${bens}`, { key: ANNA });
    expect(status).toBe(200);
    for (const { input } of json.data) expect(input.prompt).not.toBe("of Ben");
  });
});

test("an admin may look at and cancel any video", async () => {
  const { json } = await api.order(textOrder(), { key: ANNA });
  expect((await api.ask(`/v1/videos/${json.id}`, { key: OPS })).json.id).toBe(json.id);
  const cancelled = await api.ask(`/v1/videos/${json.id}/cancel`, { method: "POST", key: OPS });
  expect([cancelled.status, cancelled.json.phase]).toEqual([202, "cancelled"]);
});

test("where no keys are set everybody is let in, whatever key they send", async () => {
  const open = await runApi(server.url);
  try {
    const { status, json } = await open.order(textOrder(), { key: "nobody knows this one" });
    expect(status).toBe(202);
    expect((await open.ask(`/v1/videos/${json.id}`)).status).toBe(200);
    expect((await open.ask("/v1/videos", { headers: { authorization: "Basic ???" } })).status).toBe(200);
  } finally {
    await open.stop(new AbortController().signal);
  }
});
