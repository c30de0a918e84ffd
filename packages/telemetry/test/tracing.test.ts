import { findFreePort, startOtlpReceiver, untilTrue, type OtlpReceiver } from "@rushes/test-rig";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTracing, type Tracing, type TracingOptions } from "../src/index.ts";

const CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const NEVER = new AbortController().signal;

let receiver: OtlpReceiver;
let said: unknown[];
beforeEach(async () => {
  receiver = await startOtlpReceiver();
  said = [];
});
afterEach(() => receiver.stop());

async function open(options: Partial<TracingOptions> = {}): Promise<Tracing> {
  const tracing = await openTracing({
    endpoint: receiver.endpoint,
    protocol: "http/protobuf",
    sampler: "parentbased_always_on",
    samplerShare: 1,
    serviceName: "rushes-test",
    secrets: () => [],
    logger: {
      info: (...words: unknown[]) => void said.push(words),
      warn: (...words: unknown[]) => void said.push(words),
    },
    ...options,
  });
  if (!tracing) throw new Error("no tracing");
  return tracing;
}

test("without a collector there is no tracing", async () => {
  expect(await openTracing({ endpoint: undefined } as TracingOptions)).toBeNull();
});

test.each(["http/protobuf", "http/json"] as const)(
  "what a span says arrives over %s, at the latest with the end of the process",
  async (protocol) => {
    const tracing = await open({ protocol });
    const outer = tracing.begin("outer", { kind: "consumer", parent: CALLER, startedMs: 1_800_000_000_000 });
    const inner = tracing.begin("inner", { kind: "client", parent: outer, fields: { early: "yes" } });
    inner.set({ count: 3, share: 0.5, really: true, next: ["archive", "notify"], left: undefined });
    inner.fail("provider_unavailable");
    inner.end();
    outer.end();
    await tracing.stop(NEVER);
    expect(receiver.problems).toEqual([]);
    expect(receiver.headers[0]?.["content-type"]).toBe(
      protocol === "http/json" ? "application/json" : "application/x-protobuf",
    );
    const [first, second] = receiver.spans;
    expect(second).toMatchObject({
      traceId: CALLER.slice(3, 35),
      parentSpanId: CALLER.slice(36, 52),
      name: "outer",
      kind: 5,
      startNanos: 1_800_000_000_000_000_000n,
      status: { code: 0 },
      service: "rushes-test",
    });
    expect(outer.traceparent).toBe(`00-${second?.traceId}-${second?.spanId}-01`);
    expect(first).toMatchObject({
      traceId: second?.traceId,
      parentSpanId: second?.spanId,
      name: "inner",
      kind: 3,
      status: { code: 2, message: "provider_unavailable" },
    });
    expect(first?.attributes).toEqual({
      early: "yes",
      count: 3,
      share: 0.5,
      really: true,
      next: ["archive", "notify"],
      "error.type": "provider_unavailable",
    });
    expect(receiver.spans).toHaveLength(2);
  },
);

test("a parent that is no trace context begins a trace, and so does none", async () => {
  const tracing = await open();
  const spans = ["", "00-0-0-00", undefined].map((parent) => tracing.begin("s", { kind: "server", parent }));
  for (const span of spans) span.end();
  await tracing.stop(NEVER);
  expect(receiver.spans.map(({ parentSpanId }) => parentSpanId)).toEqual(["", "", ""]);
  expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(3);
});

test.each([
  ["parentbased_always_on", 1, ["sampled", "new"]],
  ["parentbased_always_off", 1, ["sampled"]],
  ["parentbased_traceidratio", 0, ["sampled"]],
  ["parentbased_traceidratio", 1, ["sampled", "new"]],
  ["always_on", 1, ["sampled", "unsampled", "new"]],
  ["always_off", 1, []],
  ["traceidratio", 0, []],
  ["traceidratio", 1, ["sampled", "unsampled", "new"]],
] as const)("the sampler %s with %d keeps %j", async (sampler, samplerShare, kept) => {
  const tracing = await open({ sampler, samplerShare });
  const begun = {
    sampled: tracing.begin("sampled", { kind: "server", parent: CALLER }),
    unsampled: tracing.begin("unsampled", { kind: "server", parent: CALLER.replace(/01$/, "00") }),
    new: tracing.begin("new", { kind: "server" }),
  };
  for (const [name, span] of Object.entries(begun)) {
    // Whoever follows decides the same.
    expect(span.traceparent?.slice(-2)).toBe((kept as readonly string[]).includes(name) ? "01" : "00");
    span.end();
  }
  await tracing.stop(NEVER);
  expect(receiver.spans.map(({ name }) => name)).toEqual(kept);
});

test("secrets and what looks like one are masked in every text, and long texts are cut", async () => {
  const tracing = await open({ secrets: () => ["sk-canary-known"] });
  const span = tracing.begin("s", {
    kind: "client",
    fields: {
      url: "https://host/v.mp4?X-Amz-Signature=canary",
      list: ["Bearer canary", "x sk-canary-known"],
    },
  });
  span.set({ key: "sk-canary-known", long: "x".repeat(5_000) });
  span.fail("sk-canary-known");
  span.end();
  await tracing.stop(NEVER);
  expect(receiver.spans).toHaveLength(1);
  expect(String(receiver.spans[0]?.attributes["long"])).toHaveLength(256);
  // Said without the bytes, which no terminal can show.
  expect(Buffer.concat(receiver.bodies).includes("canary")).toBe(false);
});

test("what goes wrong in here is not thrown at the work that is traced", async () => {
  let isBroken = false;
  const tracing = await open({
    secrets() {
      if (isBroken) throw new Error("broken");
      return [];
    },
  });
  const span = tracing.begin("s", { kind: "server" });
  isBroken = true;
  span.set({ a: 1 });
  span.fail("code");
  span.end();
  const none = tracing.begin("s", { kind: "server", parent: span });
  none.set({ a: 1 });
  none.end();
  expect(none.traceparent).toBeUndefined();
  await tracing.stop(NEVER);
  expect(receiver.spans).toHaveLength(1);
});

test("a collector that takes nothing is told of once, and once more when it does again", async () => {
  const tracing = await open();
  const send = async (arrivals: number) => {
    for (let sent = 0; sent < 512; sent += 1) tracing.begin("s", { kind: "server" }).end();
    await untilTrue(() => said.length === arrivals || said.length);
  };
  receiver.mood = "refuses";
  await send(2);
  receiver.mood = "takes";
  await send(3);
  await tracing.stop(NEVER);
  expect(said.map((words) => (words as unknown[])[1])).toEqual([
    "traces are sent",
    "traces are not taken; work goes on",
    "traces are taken again",
  ]);
});

test("a collector that is not there changes no call: more spans than can wait are dropped, and the end comes", async () => {
  const tracing = await open({ endpoint: `http://127.0.0.1:${await findFreePort()}` });
  for (let made = 0; made < 10_000; made += 1) {
    const span = tracing.begin("s", { kind: "server" });
    span.set({ made });
    span.end();
  }
  await expect(tracing.stop(NEVER)).resolves.toBeUndefined();
});

test("nobody waits for a collector that hangs once the drain is over", async () => {
  const tracing = await open();
  receiver.mood = "hangs";
  tracing.begin("s", { kind: "server" }).end();
  await tracing.stop(AbortSignal.abort());
  expect(receiver.spans).toEqual([]);
});
