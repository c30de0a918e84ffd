import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { untilTrue } from "@rushes/test-rig";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startSystem, type RunningSystem } from "./running-system.ts";

const SECRET = `whsec_${randomBytes(32).toString("base64")}`;
const NOTIFYING = {
  WEBHOOK_SECRET: SECRET,
  ALLOW_PRIVATE_WEBHOOKS: "true",
  WEBHOOK_RETRY_MS: "100,200,300,400",
};
const OTHER_ROLES = { ROLES: "submit,poll,archive,sweep" };

type Told = { id: string; body: string; event: { type: string; data: { id: string; phase: string } } };

/** A receiver that believes only what is signed, and answers what the test says. */
type Receiver = {
  url: string;
  told: Told[];
  answer: (response: ServerResponse) => void;
  stop(): Promise<void>;
};

let system: RunningSystem;
const receivers: Receiver[] = [];
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.stop());
afterEach(async () => {
  await system.killWorkers();
  for (const receiver of receivers.splice(0)) await receiver.stop();
  system.sandbox.reset();
});

const accept = (response: ServerResponse): void => void response.writeHead(204).end();

async function startReceiver(answer: Receiver["answer"] = accept): Promise<Receiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const headers = request.headers as Record<string, string>;
      let event: Told["event"];
      try {
        event = new Webhook(SECRET).verify(body, headers) as Told["event"];
      } catch (error) {
        response.writeHead(401).end(String(error));
        return;
      }
      receiver.told.push({ id: headers["webhook-id"] ?? "", body, event });
      receiver.answer(response);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook?token=a-caller-s-own-token`,
    told: [],
    answer,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  receivers.push(receiver);
  return receiver;
}

type Delivery = { id: string; event: string; state: string; attempts: { status: number | null }[] };

async function deliveriesOf(videoId: string): Promise<Delivery[]> {
  const response = await fetch(`${system.api.url}/v1/videos/${videoId}/deliveries`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { data: Delivery[] }).data;
}

/** Waits until each delivery of the video is in this state. */
async function untilAll(videoId: string, state: string): Promise<Delivery[]> {
  let deliveries: Delivery[] = [];
  await untilTrue(
    async () => {
      deliveries = await deliveriesOf(videoId);
      const done = deliveries.length > 0 && deliveries.every((delivery) => delivery.state === state);
      return done || JSON.stringify(deliveries);
    },
    { timeoutMs: 30_000, everyMs: 50 },
  );
  return deliveries;
}

const typesFor = ({ told }: Receiver, videoId: string): string[] =>
  told.filter(({ event }) => event.data.id === videoId).map(({ event }) => event.type);

const post = (path: string): Promise<Response> => fetch(`${system.api.url}${path}`, { method: "POST" });

test(
  "a receiver that fails at first is told again, with the same id and bytes; and once more when it asks",
  { timeout: 60_000 },
  async () => {
    const statuses = [500, 302, 204];
    const receiver = await startReceiver((response) => {
      response.writeHead(statuses.shift() ?? 200, { location: "/elsewhere" }).end("as you like");
    });
    const worker = await system.startWorker(NOTIFYING);
    const { id } = await system.order({}, { webhook_url: receiver.url });
    const video = await system.untilEnded(id);
    const [delivery] = await untilAll(id, "delivered");
    expect(delivery).toMatchObject({
      event: "video.completed",
      attempts: [{ status: 500 }, { status: 302 }, { status: 204 }],
    });
    expect(new Set(receiver.told.map((told) => `${told.id} ${told.body}`)).size).toBe(1);
    // Only the archived video is told of, and it is told whole.
    expect(receiver.told[0]?.event).toMatchObject({ type: "video.completed", data: video });

    expect((await post(`/v1/videos/${id}/deliveries/${delivery?.id}/replay`)).status).toBe(202);
    await untilTrue(() => receiver.told.length === 4);
    expect(receiver.told[3]).toEqual(receiver.told[0]);
    await untilAll(id, "delivered");

    const jobs = await system.inspect.keys("{rushes}:notify:*");
    const seen = [worker.lines.join("\n")];
    for (const key of jobs)
      if ((await system.inspect.type(key)) === "hash")
        seen.push(JSON.stringify(await system.inspect.hgetall(key)));
    expect(seen.join("\n")).toContain(id);
    for (const secret of [SECRET, SECRET.slice("whsec_".length), "a-caller-s-own-token"])
      expect(seen.join("\n")).not.toContain(secret);
  },
);

test("every event that was asked for is told, and no other", { timeout: 90_000 }, async () => {
  const receiver = await startReceiver();
  const everything = {
    webhook_url: receiver.url,
    webhook_events: ["submitted", "late", "unconfirmed", "completed", "failed", "cancelled"],
  };
  await system.startWorker({
    ...NOTIFYING,
    LATE_AFTER_MS: "200",
    SUBMIT_TIMEOUT_MS: "2000",
    SUBMIT_MARGIN_MS: "500",
    LIMIT_CONCURRENCY: "9",
  });
  const slow = await system.order({ prompt: "a lake [[task:slow:400000]]" }, everything);
  const failing = await system.order({ prompt: "a lake [[fail:SensitiveContent]]" }, everything);
  const refused = await system.order({ prompt: "a lake [[submit:forbidden-content]]" }, everything);
  const lost = await system.order({ prompt: "a lake [[submit:hang-after-accept]]" }, everything);
  const waiting = await system.order({}, { ...everything, delay_s: 3600 });
  const quiet = await system.order({}, { webhook_url: receiver.url, webhook_events: ["failed"] });
  expect((await post(`/v1/videos/${waiting.id}/cancel`)).status).toBe(202);

  await system.untilEnded(quiet.id);
  await system.untilEnded(slow.id);
  await system.untilEnded(failing.id, "failed");
  await system.untilEnded(refused.id, "failed");
  await untilTrue(async () => (await system.get(lost.id)).phase === "unconfirmed", { timeoutMs: 30_000 });
  for (const { id } of [slow, failing, refused, lost, waiting]) await untilAll(id, "delivered");

  const told = (id: string): string[] => typesFor(receiver, id).toSorted();
  expect(told(slow.id)).toEqual(["video.completed", "video.late", "video.submitted"]);
  expect(told(failing.id).filter((type) => type !== "video.late")).toEqual([
    "video.failed",
    "video.submitted",
  ]);
  expect(told(refused.id)).toEqual(["video.failed"]);
  expect(told(lost.id)).toEqual(["video.unconfirmed"]);
  expect(told(waiting.id)).toEqual(["video.cancelled"]);
  expect(await deliveriesOf(quiet.id)).toEqual([]);
  expect(told(quiet.id)).toEqual([]);
});

test(
  "what is owed waits for a worker that delivers, and for one that has a secret",
  { timeout: 60_000 },
  async () => {
    const receiver = await startReceiver();
    const first = await system.startWorker(OTHER_ROLES);
    const { id } = await system.order({}, { webhook_url: receiver.url });
    await system.untilEnded(id);
    expect(await untilAll(id, "pending")).toMatchObject([{ event: "video.completed", attempts: [] }]);
    expect(await first.end("SIGTERM")).toBe(0);

    const unsigned = await system.startWorker({ ROLES: "notify" });
    expect(unsigned.lines.some((line) => line.includes("WEBHOOK_SECRET is not set"))).toBe(true);
    expect(await untilAll(id, "pending")).toMatchObject([{ attempts: [] }]);
    expect(await unsigned.end("SIGTERM")).toBe(0);

    const second = await system.startWorker({ ...NOTIFYING, ROLES: "notify" });
    await untilAll(id, "delivered");
    expect(typesFor(receiver, id)).toEqual(["video.completed"]);
    expect(await second.end("SIGTERM")).toBe(0);
  },
);

test("a flushed queue heals: the sweep wakes what is owed", { timeout: 60_000 }, async () => {
  const receiver = await startReceiver();
  const first = await system.startWorker(OTHER_ROLES);
  const { id } = await system.order({}, { webhook_url: receiver.url });
  await system.untilEnded(id);
  expect(await first.end("SIGTERM")).toBe(0);
  const keys = await system.inspect.keys("{rushes}:notify:*");
  expect(keys.length).toBeGreaterThan(0);
  await system.inspect.del(...keys);
  await system.startWorker({ ...NOTIFYING, ROLES: "notify,sweep" });
  await untilAll(id, "delivered");
  expect(typesFor(receiver, id)).toEqual(["video.completed"]);
});

test(
  "a worker that is killed while the receiver thinks: another tells it again, under the same id",
  { timeout: 60_000 },
  async () => {
    // The first is never answered, so that the kill comes certainly between the request and its record.
    const receiver = await startReceiver(() => {});
    const first = await system.startWorker(NOTIFYING);
    const { id } = await system.order({}, { webhook_url: receiver.url });
    await untilTrue(() => receiver.told.length === 1, { timeoutMs: 30_000 });
    await first.end("SIGKILL");
    expect(await deliveriesOf(id)).toMatchObject([{ state: "pending", attempts: [] }]);
    receiver.answer = accept;
    await system.startWorker(NOTIFYING);
    const [delivery] = await untilAll(id, "delivered");
    expect(delivery?.attempts).toMatchObject([{ status: 204 }]);
    expect(receiver.told[1]).toEqual(receiver.told[0]);
  },
);

test("a receiver that wants no more is not asked again", { timeout: 60_000 }, async () => {
  const receiver = await startReceiver((response) => void response.writeHead(410).end());
  await system.startWorker(NOTIFYING);
  const { id } = await system.order({}, { webhook_url: receiver.url });
  const [delivery] = await untilAll(id, "given_up");
  expect(delivery?.attempts).toMatchObject([{ status: 410 }]);
  expect(receiver.told).toHaveLength(1);
});

test(
  "an address on this machine is not dialled unless that is allowed, and the video is none the worse",
  { timeout: 60_000 },
  async () => {
    const receiver = await startReceiver();
    await system.startWorker({ ...NOTIFYING, ALLOW_PRIVATE_WEBHOOKS: "false" });
    const { id } = await system.order({}, { webhook_url: receiver.url.replace("http:", "https:") });
    const [delivery] = await untilAll(id, "given_up");
    expect(delivery?.attempts).toHaveLength(5);
    expect(delivery?.attempts).toMatchObject(
      Array.from({ length: 5 }, () => ({ status: null, error: { code: "webhook_url_forbidden" } })),
    );
    expect((await system.get(id)).status).toBe("completed");
    expect(receiver.told).toEqual([]);
  },
);
