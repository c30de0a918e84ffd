import { randomBytes } from "node:crypto";
import type { LookupFunction } from "node:net";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, test } from "vitest";
import { openWebhookSender, parseWebhookSecrets, type WebhookSenderSettings } from "../src/index.ts";
import { startReceiver, type Receiver } from "./receiver.ts";

const OLD = `whsec_${randomBytes(32).toString("base64")}`;
const NEW = `whsec_${randomBytes(24).toString("base64")}`;

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).toReversed()) await undo();
});

function sender(settings: Partial<WebhookSenderSettings> = {}, secrets = NEW) {
  const keys = parseWebhookSecrets(secrets) ?? [];
  const opened = openWebhookSender({ keys, allowPrivate: true, ...settings });
  cleanUp.push(() => opened.close());
  return opened;
}

async function receiver(answer: Parameters<typeof startReceiver>[0]): Promise<Receiver> {
  const started = await startReceiver(answer);
  cleanUp.push(() => started.stop());
  return started;
}

const status = (code: number, headers: Record<string, string> = {}, body = "") =>
  receiver((_, response) => response.writeHead(code, headers).end(body));

const webhook = (url: string) => ({
  id: "vid_01k0000000000000000000000a_4",
  url,
  body: '{"type":"video.completed","data":{"id":"vid_ä"}}',
  atMs: Date.now(),
});

describe("a receiver with the standardwebhooks package", () => {
  test("believes what we send, by every secret in use, and nothing else", async () => {
    const { url, received } = await status(204);
    const sent = webhook(`${url}/hook?tenant=7`);
    const answer = await sender({}, `${NEW},${OLD}`).deliver(sent);
    expect(answer).toMatchObject({ kind: "answered", status: 204 });
    const [request] = received;
    if (!request) throw new Error("nothing came");
    expect(request).toMatchObject({
      method: "POST",
      path: "/hook?tenant=7",
      body: sent.body,
      headers: {
        "webhook-id": sent.id,
        "webhook-timestamp": String(Math.floor(sent.atMs / 1000)),
        "content-type": "application/json",
        "user-agent": expect.stringMatching(/^rushes-webhooks\//),
        connection: "close",
      },
    });
    for (const secret of [NEW, OLD]) {
      expect(new Webhook(secret).verify(request.body, request.headers)).toEqual(JSON.parse(sent.body));
    }
    const stranger = new Webhook(`whsec_${randomBytes(32).toString("base64")}`);
    expect(() => stranger.verify(request.body, request.headers)).toThrow(/signature/i);
    const tampered = [
      { body: request.body.replace("vid_ä", "vid_b"), headers: request.headers },
      { body: request.body, headers: { ...request.headers, "webhook-id": "vid_other_4" } },
      {
        body: request.body,
        headers: { ...request.headers, "webhook-timestamp": String(Math.floor(Date.now() / 1000) + 1) },
      },
    ];
    for (const { body, headers } of tampered)
      expect(() => new Webhook(NEW).verify(body, headers)).toThrow(/signature/i);
  });

  test("sees that an attempt is old", async () => {
    const { url, received } = await status(200);
    await sender().deliver({ ...webhook(url), atMs: Date.now() - 6 * 60_000 });
    const [request] = received;
    expect(() => new Webhook(NEW).verify(request?.body ?? "", request?.headers ?? {})).toThrow(/too old/i);
  });
});

describe("what a receiver may answer", () => {
  test.each([301, 302, 303, 307, 308])("%i is an answer and leads nowhere", async (code) => {
    const elsewhere = await status(200);
    const { url, received } = await status(code, { location: `${elsewhere.url}/elsewhere` });
    expect(await sender().deliver(webhook(url))).toMatchObject({ kind: "answered", status: code });
    expect([received.length, elsewhere.dialled()]).toEqual([1, 0]);
  });

  test.each([400, 410, 500])("%i is told as it is, and asked once", async (code) => {
    const { url, received } = await status(code, {}, "the reason\n\u0007why");
    expect(await sender().deliver(webhook(url))).toMatchObject({
      kind: "answered",
      status: code,
      excerpt: "the reason why",
    });
    expect(received).toHaveLength(1);
  });

  test("429 with Retry-After in seconds or as a date", async () => {
    const inSeconds = await status(429, { "retry-after": "120" });
    expect(await sender().deliver(webhook(inSeconds.url))).toMatchObject({
      status: 429,
      retryAfterMs: 120_000,
    });
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const asDate = await sender().deliver(webhook((await status(503, { "retry-after": date })).url));
    const retryAfterMs = asDate.kind === "answered" ? (asDate.retryAfterMs ?? 0) : 0;
    expect(Math.abs(retryAfterMs - 3_600_000)).toBeLessThan(60_000);
  });

  test("an endless body is read no further than its beginning", async () => {
    const { url } = await receiver((_, response) => {
      const pour = (): void => {
        while (response.write("x".repeat(16_384)));
        response.once("drain", pour);
      };
      pour();
    });
    const answer = await sender().deliver(webhook(url));
    expect(answer).toMatchObject({ kind: "answered", status: 200 });
    expect(answer.kind === "answered" && answer.excerpt.length).toBe(1_000);
  });

  test("a body that breaks off or hangs does not undo the status", async () => {
    const cut = await receiver((_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("ok so far", () => response.destroy());
    });
    expect(await sender().deliver(webhook(cut.url))).toMatchObject({ status: 200, excerpt: "ok so far" });
    const hanging = await receiver((_, response) => void response.writeHead(202).write("wait"));
    expect(await sender().deliver(webhook(hanging.url))).toMatchObject({ status: 202, excerpt: "wait" });
  });
});

describe("no answer is a value, too", () => {
  test("a receiver that never answers", async () => {
    const { url } = await receiver(() => {});
    expect(await sender({ timeoutMs: 200 }).deliver(webhook(url))).toMatchObject({
      kind: "unanswered",
      code: "timeout",
    });
  });

  test("a receiver that drips headers for ever", async () => {
    const timers: NodeJS.Timeout[] = [];
    const { url } = await receiver((_, response) => {
      response.socket?.write("HTTP/1.1 200 OK\r\n");
      timers.push(setInterval(() => response.socket?.write("x-more: 1\r\n"), 20));
    });
    const answer = await sender({ timeoutMs: 300 }).deliver(webhook(url));
    for (const timer of timers) clearInterval(timer);
    expect(answer).toMatchObject({ kind: "unanswered", code: "timeout" });
  });

  // Far below the ten seconds that a connection alone may take.
  test("a name that never resolves: the time is for everything together", { timeout: 8_000 }, async () => {
    const { url, received } = await status(200);
    let connected = (): void => {};
    const lookup: LookupFunction = (_hostname, _options, callback) => {
      connected = () => callback(null, [{ address: "127.0.0.1", family: 4 }]);
    };
    const slow = sender({ timeoutMs: 200, lookup });
    const late = webhook(url.replace("127.0.0.1", "hooks.example"));
    expect(await slow.deliver(late)).toMatchObject({ kind: "unanswered", code: "timeout" });
    // Nor is it sent when the connection comes about after all: the next one on this address is the first.
    connected();
    await sender().deliver({ ...webhook(url), id: "vid_next_1" });
    await slow.close();
    expect(received.map(({ headers }) => headers["webhook-id"])).toEqual(["vid_next_1"]);
  });

  test("a connection that is reset", async () => {
    const { url } = await receiver((request) => request.socket.resetAndDestroy());
    expect(await sender().deliver(webhook(url))).toMatchObject({ kind: "unanswered", code: "unreachable" });
  });

  test("nobody listens", async () => {
    const gone = await startReceiver(() => {});
    await gone.stop();
    expect(await sender().deliver(webhook(gone.url))).toMatchObject({
      kind: "unanswered",
      code: "unreachable",
      message: "there was no answer (ECONNREFUSED)",
    });
  });
});

describe("where no webhook goes", () => {
  const resolving =
    (...addresses: string[]): LookupFunction =>
    (_hostname, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );

  test("not to private addresses, whatever they are called, and nothing is dialled", async () => {
    const { url, dialled } = await status(200);
    const port = new URL(url).port;
    const guarded = sender({ allowPrivate: false });
    for (const host of ["127.0.0.1", "localhost", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1"]) {
      expect(await guarded.deliver(webhook(`https://${host}:${port}/`))).toMatchObject({
        kind: "unanswered",
        code: "webhook_url_forbidden",
      });
    }
    for (const addresses of [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["169.254.169.254"]]) {
      const named = sender({ allowPrivate: false, lookup: resolving(...addresses) });
      expect(await named.deliver(webhook(`https://hooks.example:${port}/`))).toMatchObject({
        code: "webhook_url_forbidden",
        message: expect.stringContaining("not public"),
      });
    }
    expect(dialled()).toBe(0);
  });

  test("not over plain http, unless private receivers are allowed", async () => {
    const { url, dialled } = await status(200);
    const guarded = sender({ allowPrivate: false, lookup: resolving("8.8.8.8") });
    expect(await guarded.deliver(webhook("http://hooks.example/"))).toMatchObject({
      code: "webhook_url_forbidden",
      message: expect.stringContaining("https:"),
    });
    expect(dialled()).toBe(0);
    expect(await sender().deliver(webhook(url))).toMatchObject({ status: 200 });
  });
});
