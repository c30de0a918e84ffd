import { once } from "node:events";
import { connect } from "node:net";
import { Redis } from "ioredis";
import { createLedger, type Ledger } from "@rushes/ledger";
import type { AttemptKey } from "@rushes/pipeline";
import { startTestRedis, uniquePrefix, untilTrue, type TestRedis } from "@rushes/test-rig";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createEventStreams } from "../src/event-streams.ts";
import { startProcess } from "./api-process.ts";
import { runApi, sha256Hex, textOrder, type RunningApi } from "./running-api.ts";

const ANNA = "anna-key-0123456789";
const BEN = "ben-key-0123456789";
const OPS = "ops-key-0123456789";
const API_KEYS = `anna:${sha256Hex(ANNA)},ben:${sha256Hex(BEN)},ops:${sha256Hex(OPS)}:admin`;

let server: TestRedis;
let redis: Redis;
let api: RunningApi;
let ledger: Ledger;
const watching: Watcher[] = [];

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  api = await runApi(server.url, { API_KEYS });
  ledger = ledgerAt(api.prefix);
});

afterEach(() => {
  for (const { close } of watching.splice(0)) close();
});

afterAll(async () => {
  await api.stop(new AbortController().signal);
  redis.disconnect();
  await server.stop();
});

const ledgerAt = (prefix: string): Ledger =>
  createLedger(redis, prefix, {
    budgetMicros: null,
    leaseMaxMs: 60_000,
    submitDeadlineMs: 60_000,
    billFailedTasks: false,
  });

type Watcher = {
  status: number;
  headers: Headers;
  /** The whole text so far. */
  text: () => string;
  phases: () => string[];
  ids: () => string[];
  /** True once the other side has ended it. */
  hasEnded: () => boolean;
  close: () => void;
};

async function watch(url: string, key: string, lastEventId?: string): Promise<Watcher> {
  const aborting = new AbortController();
  const headers = new Headers({ authorization: `Bearer ${key}` });
  if (lastEventId !== undefined) headers.set("last-event-id", lastEventId);
  const response = await fetch(url, { headers, signal: aborting.signal });
  let text = "";
  let hasEnded = false;
  const reading = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
    hasEnded = true;
  };
  reading().catch(() => {
    hasEnded = true;
  });
  const eventsOf = (): { id: string; phase: string }[] =>
    [...text.matchAll(/^id: (\d+)\ndata: (.+)\n\n/gm)].map(([, id, data]) => ({
      id: String(id),
      phase: (JSON.parse(String(data)) as { phase: string }).phase,
    }));
  const watcher = {
    status: response.status,
    headers: response.headers,
    text: () => text,
    phases: () => eventsOf().map(({ phase }) => phase),
    ids: () => eventsOf().map(({ id }) => id),
    hasEnded: () => hasEnded,
    close: () => aborting.abort(),
  };
  watching.push(watcher);
  return watcher;
}

const eventsUrl = (id: string, at = api.url): string => `${at}/v1/videos/${id}/events`;

async function ordered(key = ANNA): Promise<string> {
  const { json } = await api.order(textOrder(), { key });
  return json.id;
}

async function claim(id: string): Promise<AttemptKey> {
  for (;;) {
    const claimed = await ledger.claimSubmission([{ name: "main", concurrency: 1_000, rate: 1_000_000 }]);
    if (claimed.kind !== "claimed") throw new Error("no claim");
    const { videoId, number, secret, account } = claimed;
    if (videoId === id) return { videoId, number, secret, account };
  }
}

/** From the claim to the end. */
async function complete(id: string): Promise<void> {
  const attempt = await claim(id);
  await ledger.learnAnswer(attempt, { fact: "accepted", taskId: `task-${id}`, firstLookMs: 0 });
  await finish(attempt);
}

const MANIFEST = {
  url: "s3://b/m.json",
  bucket: "b",
  key: "m.json",
  bytes: 1,
  sha256: "00",
  content_type: "application/json",
};

async function finish(attempt: AttemptKey): Promise<void> {
  const taskId = `task-${attempt.videoId}`;
  await ledger.recordLook(attempt, taskId, {
    report: "succeeded",
    resultUrls: ["https://files.example/a.mp4"],
  });
  await ledger.recordArchive(attempt, taskId, { result: "stored", output: [], manifest: MANIFEST });
}

const ALL = ["queued", "submitting", "generating", "archiving", "completed"];

describe("a watcher", () => {
  test("is sent what has been, then each change as it comes, and the end after the last", async () => {
    const id = await ordered();
    const watcher = await watch(eventsUrl(id), ANNA);
    expect(watcher.status).toBe(200);
    expect(watcher.headers.get("content-type")).toBe("text/event-stream");
    expect(watcher.headers.get("cache-control")).toBe("no-store");
    await untilTrue(() => watcher.phases().length === 1 || watcher.text());
    const attempt = await claim(id);
    await untilTrue(() => watcher.phases().length === 2 || watcher.text());
    await ledger.learnAnswer(attempt, { fact: "accepted", taskId: `task-${id}`, firstLookMs: 0 });
    await finish(attempt);
    await untilTrue(() => watcher.hasEnded() || watcher.text());
    expect(watcher.phases()).toEqual(ALL);
    expect(watcher.ids()).toEqual(["1", "2", "3", "4", "5"]);
    expect(watcher.text()).toMatch(/^retry: \d+\n\n/);
  });

  test("of a video that has ended gets all of it and the end", async () => {
    const id = await ordered();
    await complete(id);
    const watcher = await watch(eventsUrl(id), ANNA);
    await untilTrue(() => watcher.hasEnded());
    expect(watcher.phases()).toEqual(ALL);
    const event = JSON.parse(/^data: (.+)$/m.exec(watcher.text())?.[1] ?? "");
    expect(event).toEqual({
      object: "video.event",
      video_id: id,
      type: "admitted",
      status: "queued",
      phase: "queued",
      at: expect.any(Number),
    });
  });

  test("that comes back with the last id it saw gets what it missed, and nothing twice", async () => {
    const id = await ordered();
    const first = await watch(eventsUrl(id), ANNA);
    await untilTrue(() => first.ids().length === 1);
    first.close();
    await complete(id);
    const second = await watch(eventsUrl(id), ANNA, first.ids().at(-1));
    await untilTrue(() => second.hasEnded());
    expect([...first.phases(), ...second.phases()]).toEqual(ALL);
  });

  test("that has seen the end is told not to come back", async () => {
    const id = await ordered();
    await complete(id);
    expect((await watch(eventsUrl(id), ANNA, "5")).status).toBe(204);
    // What is no id is the id of nothing seen.
    for (const odd of ["five", "-1", "5.0", "9".repeat(40)]) {
      const watcher = await watch(eventsUrl(id), ANNA, odd);
      await untilTrue(() => watcher.hasEnded());
      expect(watcher.phases()).toEqual(ALL);
    }
  });

  test("hears of an adoption after the failure, for that was not the end", async () => {
    const id = await ordered();
    const attempt = await claim(id);
    await ledger.learnAnswer(attempt, { fact: "unknown" });
    await ledger.writeOff(id, "ops");
    const first = await watch(eventsUrl(id), ANNA);
    await untilTrue(() => first.hasEnded());
    expect(first.phases().at(-1)).toBe("failed");
    await ledger.learnAnswer(attempt, { fact: "accepted", taskId: `task-${id}`, firstLookMs: 0 });
    await ledger.adopt(id, `task-${id}`, "ops");
    const second = await watch(eventsUrl(id), ANNA, first.ids().at(-1));
    await untilTrue(() => second.phases().at(-1) === "generating" || second.text());
    expect(second.hasEnded()).toBe(false);
  });

  test("sees own videos only, and an admin all", async () => {
    const id = await ordered();
    const missing = await api.ask(`/v1/videos/vid_${"0".repeat(26)}/events`, {
      key: BEN,
      headers: { "x-request-id": "a" },
    });
    const others = await api.ask(`/v1/videos/${id}/events`, { key: BEN, headers: { "x-request-id": "a" } });
    expect([others.status, others.text]).toEqual([404, missing.text]);
    const admin = await watch(eventsUrl(id), OPS);
    await untilTrue(() => admin.phases().length === 1);
  });

  test("may be one of many of one video, and all hear the same", async () => {
    const id = await ordered();
    const many = await Promise.all(Array.from({ length: 30 }, () => watch(eventsUrl(id), ANNA)));
    await complete(id);
    await untilTrue(() => many.every(({ hasEnded }) => hasEnded()));
    for (const { phases } of many) expect(phases()).toEqual(ALL);
  });
});

test("one connection listens for all, and only while somebody watches", async () => {
  const own = await runApi(server.url);
  const channel = `${own.prefix}:changes`;
  const listeners = async (): Promise<number> => Number((await redis.pubsub("NUMSUB", channel))[1]);
  try {
    const before = (await redis.client("LIST")) as string;
    expect(await listeners()).toBe(0);
    const { json: video } = await own.order(textOrder());
    const many = await Promise.all(
      Array.from({ length: 5 }, () => watch(eventsUrl(video.id, own.url), "any")),
    );
    expect(await listeners()).toBe(1);
    expect(((await redis.client("LIST")) as string).split("\n").length).toBe(before.split("\n").length);
    for (const { close } of many) close();
    await untilTrue(async () => (await listeners()) === 0);
    const again = await watch(eventsUrl(video.id, own.url), "any");
    await own.ask(`/v1/videos/${video.id}/cancel`, { method: "POST" });
    await untilTrue(() => again.hasEnded());
    expect(again.phases()).toEqual(["queued", "cancelled"]);
  } finally {
    await own.stop(new AbortController().signal);
  }
});

test("a Redis that dies and comes back ends no stream, and what happened meanwhile is told", async () => {
  const mortal = await startTestRedis({ appendFsync: "always" });
  const own = await runApi(mortal.url);
  const other = new Redis(mortal.url);
  other.on("error", () => {});
  try {
    const { json: video } = await own.order(textOrder());
    const watcher = await watch(eventsUrl(video.id, own.url), "any");
    await untilTrue(() => watcher.phases().length === 1);
    await mortal.kill();
    await mortal.restart();
    await untilTrue(async () => (await own.ask("/readyz")).status === 200);
    await own.ask(`/v1/videos/${video.id}/cancel`, { method: "POST" });
    await untilTrue(() => watcher.hasEnded());
    expect(watcher.phases()).toEqual(["queued", "cancelled"]);
    await mortal.kill();
    const away = await own.ask(`/v1/videos/${video.id}/events`);
    expect([away.status, away.json.code]).toEqual([503, "redis_unavailable"]);
  } finally {
    other.disconnect();
    await own.stop(new AbortController().signal);
    await mortal.stop();
  }
});

describe("of many streams", () => {
  test("each caller may have so many, and all together so many", async () => {
    const feed = { watch: () => () => {} };
    const streams = createEventStreams({ ledger, feed, most: 3, mostEach: 2 });
    const id = await ordered();
    const opened = [await streams.open(id, 0, "anna"), await streams.open(id, 0, "anna")];
    const tooMany = expect.objectContaining({ code: "too_many_streams" });
    await expect(streams.open(id, 0, "anna")).rejects.toEqual(tooMany);
    opened.push(await streams.open(id, 0, "ben"));
    await expect(streams.open(id, 0, "cleo")).rejects.toEqual(tooMany);
    const [first] = opened;
    if (!first) throw new Error("no stream");
    first.destroy();
    await once(first, "close");
    await streams.open(id, 0, "cleo");
    streams.end();
  });

  test("one whose client reads nothing is let go, and the others are kept alive", async () => {
    const feed = { watch: () => () => {} };
    const streams = createEventStreams({ ledger, feed, beatEveryMs: 20 });
    const id = await ordered();
    const idle = await streams.open(id, 0, "anna");
    const read = await streams.open(id, 0, "anna");
    let text = "";
    read?.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await untilTrue(() => text.split(": still there").length > 5);
    expect([idle?.destroyed, read?.destroyed]).toEqual([true, false]);
    streams.end();
  });

  test("a change that no message told of is told with the next sign of life", async () => {
    const feed = { watch: () => () => {} };
    const streams = createEventStreams({ ledger, feed, beatEveryMs: 20 });
    const id = await ordered();
    const stream = await streams.open(id, 0, "anna");
    let text = "";
    stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await ledger.cancel(id);
    await untilTrue(() => text.includes('"phase":"cancelled"'));
  });

  test("one that is opened while all are ended gets what is there, and its end", async () => {
    const prefix = uniquePrefix("events");
    const own = ledgerAt(prefix);
    const order = {
      ...textOrder(),
      priority: 0,
      delay_s: 0,
      max_charges: 1,
      metadata: {},
      model: "kling-2-1",
    };
    await own.admit({ videoId: "vid_a", owner: "anna", idempotencyKey: null, order: order as never });
    const streams = createEventStreams({ ledger: own, feed: { watch: () => () => {} } });
    streams.end();
    const stream = await streams.open("vid_a", 0, "anna");
    const texts = (await stream?.toArray()) as Buffer[];
    expect(Buffer.concat(texts).toString()).toContain('"phase":"queued"');
    // Not the answer that keeps a client from coming back.
    expect(await streams.open("vid_a", 1, "anna")).not.toBeNull();
  });
});

test("HEAD opens no stream", async () => {
  const id = await ordered();
  const { status } = await api.ask(`/v1/videos/${id}/events`, { method: "HEAD", key: ANNA });
  expect(status).toBe(404);
});

test("on SIGTERM streams end well, and their clients can go on elsewhere", async () => {
  const started = startProcess({ REDIS_URL: server.url });
  const port = await started.port();
  const url = `http://127.0.0.1:${port}`;
  await untilTrue(async () => (await fetch(`${url}/readyz`)).status === 200);
  const headers = { "content-type": "application/json", "idempotency-key": "sigterm" };
  const order = await fetch(`${url}/v1/videos`, {
    method: "POST",
    headers,
    body: JSON.stringify(textOrder()),
  });
  const { id } = (await order.json()) as { id: string };
  const many = await Promise.all(Array.from({ length: 20 }, () => watch(eventsUrl(id, url), "any")));
  await untilTrue(() => many.every(({ ids }) => ids().length === 1));
  // A connection whose other side never reads must not hold the process.
  const deaf = connect({ host: "127.0.0.1", port });
  deaf.pause();
  deaf.write(`GET /v1/videos/${id}/events HTTP/1.1\r\nHost: a\r\n\r\n`);
  started.child.kill("SIGTERM");
  expect(await started.exit).toBe(0);
  deaf.destroy();
  for (const { status, hasEnded } of many) expect([status, hasEnded()]).toEqual([200, true]);
});
