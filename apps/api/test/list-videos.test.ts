import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestRedis, type TestRedis } from "@rushes/test-rig";
import { runApi, sha256Hex, textOrder, type RunningApi } from "./running-api.ts";

const OPS = "ops-key-0123456789";

let server: TestRedis;
let redis: Redis;
let api: RunningApi;
let callers = 0;
let key: string;

/** More callers than tests, so that each test has a list of its own. */
const KEYS = Array.from({ length: 20 }, (_, index) => `caller-key-${index}-0123456789`);

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  const listed = KEYS.map((secret, index) => `caller-${index}:${sha256Hex(secret)}`);
  api = await runApi(server.url, { API_KEYS: [...listed, `ops:${sha256Hex(OPS)}:admin`].join(",") });
});

beforeEach(() => {
  key = KEYS[callers] ?? "";
  callers += 1;
});

afterAll(async () => {
  await api.stop(new AbortController().signal);
  redis.disconnect();
  await server.stop();
});

/** Orders so many, one after the other; ids of the same millisecond have no order of their own. */
async function orderMany(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const { json } = await api.order(textOrder({ prompt: `number ${index}` }), { key });
    ids.push(json.id);
  }
  return ids.toSorted().toReversed();
}

async function page(query: string, as = key) {
  const { status, json } = await api.ask(`/v1/videos?${query}`, { key: as });
  expect(status).toBe(200);
  return { ...json, ids: (json.data as { id: string }[]).map(({ id }) => id) } as {
    object: string;
    ids: string[];
    first_id: string | null;
    last_id: string | null;
    has_more: boolean;
  };
}

test("an empty list has no ids to go on from", async () => {
  const { json } = await api.ask("/v1/videos", { key });
  expect(json).toEqual({ object: "list", data: [], first_id: null, last_id: null, has_more: false });
});

test("a list without parameters shows the newest 20", async () => {
  const ids = await orderMany(21);
  const first = await page("");
  expect(first).toMatchObject({ object: "list", first_id: ids[0], last_id: ids[19], has_more: true });
  expect(first.ids).toEqual(ids.slice(0, 20));
  expect(await page(`after=${first.last_id}`)).toMatchObject({ ids: ids.slice(20), has_more: false });
});

test("a page that is just full says truly whether more follow", async () => {
  const ids = await orderMany(4);
  expect(await page("limit=4")).toMatchObject({ ids, has_more: false });
  expect(await page("limit=2")).toMatchObject({ ids: ids.slice(0, 2), has_more: true });
  expect(await page(`limit=2&after=${ids[1]}`)).toMatchObject({ ids: ids.slice(2), has_more: false });
  expect(await page(`after=${ids[3]}`)).toMatchObject({ ids: [], last_id: null, has_more: false });
});

test("the largest page has 100", async () => {
  expect((await page("limit=100")).ids).toEqual([]);
});

test("pages are stable while new orders arrive", async () => {
  const ids = await orderMany(12);
  const seen: string[] = [];
  let query = "limit=5";
  for (;;) {
    const current = await page(query);
    seen.push(...current.ids);
    await orderMany(2);
    if (!current.has_more) break;
    query = `limit=5&after=${current.last_id}`;
  }
  expect(seen).toEqual(ids);
});

test("a cursor works after its video is gone", async () => {
  const ids = await orderMany(3);
  const [gone = ""] = ids;
  await redis.zrem(`${api.prefix}:listing:caller-${callers - 1}`, gone);
  await redis.del(`${api.prefix}:video:${gone}`);
  expect((await page(`after=${gone}`)).ids).toEqual(ids.slice(1));
});

test("a record that is gone leaves a gap in its page and not the end of the list", async () => {
  const ids = await orderMany(3);
  // As if it was forgotten between the reading of the ids and of the records.
  await redis.del(`${api.prefix}:video:${ids[0]}`);
  const first = await page("limit=1");
  expect(first).toMatchObject({ ids: [], last_id: ids[0], has_more: true });
  expect((await page(`limit=1&after=${first.last_id}`)).ids).toEqual([ids[1]]);
});

describe("a filter", () => {
  test("by status and by phase shows what is there now", async () => {
    const ids = await orderMany(3);
    await api.ask(`/v1/videos/${ids[1]}/cancel`, { method: "POST", key });
    const rest = [ids[0], ids[2]];
    for (const query of ["status=queued", "phase=queued", "status=queued&phase=queued"]) {
      expect((await page(query)).ids).toEqual(rest);
    }
    for (const query of ["status=cancelled", "phase=cancelled"]) {
      expect((await page(query)).ids).toEqual([ids[1]]);
    }
    for (const query of ["status=in_progress", "status=completed", "phase=archiving"]) {
      expect((await page(query)).ids).toEqual([]);
    }
  });

  test("by a phase that the status does not have shows nothing, and not everything", async () => {
    await orderMany(2);
    const { json } = await api.ask("/v1/videos?status=completed&phase=queued&limit=1", { key });
    expect(json).toEqual({ object: "list", data: [], first_id: null, last_id: null, has_more: false });
  });

  test("of in_progress gathers its four phases in order of age", async () => {
    const ids = await orderMany(4);
    const owner = `caller-${callers - 1}`;
    for (const [index, phase] of ["submitting", "unconfirmed", "generating", "archiving"].entries()) {
      const id = ids[(index * 3) % 4] ?? "";
      await redis.zrem(`${api.prefix}:phase:queued:${owner}`, id);
      await redis.zadd(`${api.prefix}:phase:${phase}:${owner}`, 0, id);
      await redis.hset(`${api.prefix}:video:${id}`, "phase", phase);
    }
    expect((await page("status=in_progress&limit=3")).ids).toEqual(ids.slice(0, 3));
    expect((await page(`status=in_progress&after=${ids[2]}`)).ids).toEqual(ids.slice(3));
    expect((await page("phase=unconfirmed")).ids).toEqual([ids[3]]);
  });

  test("leaves out a video that moved on while the list was read", async () => {
    const ids = await orderMany(2);
    await redis.hset(`${api.prefix}:video:${ids[0]}`, "phase", "cancelled");
    expect((await page("status=queued")).ids).toEqual([ids[1]]);
  });
});

test("an admin's pages merge all callers by age", async () => {
  const all: string[] = [];
  for (const owner of [18, 19, 18, 19]) {
    key = KEYS[owner] ?? "";
    all.push(...(await orderMany(1)));
  }
  const newest = all.toSorted().toReversed();
  expect((await page("limit=3", OPS)).ids).toEqual(newest.slice(0, 3));
  expect((await page(`limit=1&after=${newest[2]}`, OPS)).ids).toEqual(newest.slice(3));
});
