import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort, startOtlpReceiver, untilTrue, type ReceivedSpan } from "@rushes/test-rig";
import type { Video } from "@rushes/pipeline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSystem, type RunningSystem } from "./running-system.ts";

const SERVER = 2;
const CLIENT = 3;
const CONSUMER = 5;
const ERROR = 2;

const folder = mkdtempSync(join(tmpdir(), "rushes-modules-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** For the environment of processes: what they load is written down under this name. */
function noteModules(name: string): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${import.meta.dirname}/note-modules.mjs`,
    NOTE_MODULES_IN: join(folder, name),
  };
}
const notedModules = (name: string): string[] => readFileSync(join(folder, name), "utf8").split("\n");

describe("with a collector", () => {
  const PROMPT = "a prompt that stands in no span";
  const HOOK_TOKEN = "token-of-a-receiver";
  const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
  const CALLERS_SPAN = "00f067aa0ba902b7";

  let system: RunningSystem;
  let collector: Awaited<ReturnType<typeof startOtlpReceiver>>;
  const videos: Record<string, Video> = {};
  const codes: (number | null)[] = [];
  const objects: Record<string, string | undefined> = {};
  let hooks = 0;
  const receiver = createServer((request, response) => {
    request.resume();
    hooks += 1;
    response.writeHead(hooks === 1 ? 500 : 204).end();
  });

  async function order(name: string, fault: string, headers: Record<string, string> = {}): Promise<string> {
    const { port } = receiver.address() as AddressInfo;
    const hook = { webhook_url: `http://127.0.0.1:${port}/hook/${HOOK_TOKEN}?token=${HOOK_TOKEN}` };
    const response = await fetch(`${system.api.url}/v1/videos`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": name, ...headers },
      body: JSON.stringify({
        input: { mode: "master-text-to-video", prompt: `${PROMPT} ${fault}`, duration: 5 },
        ...(name === "plain" ? hook : {}),
      }),
    });
    const video = (await response.json()) as Video;
    videos[name] = video;
    return video.id;
  }

  beforeAll(async () => {
    receiver.listen(0, "127.0.0.1");
    await once(receiver, "listening");
    collector = await startOtlpReceiver();
    system = await startSystem({
      sandbox: { callbackTimeoutMs: 400_000 },
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_EXPORTER_OTLP_HEADERS: "x-collector-key=collector-secret",
        CALLBACK_SECRET: "a secret for callbacks",
        ...noteModules("traced"),
      },
    });
    const workers = await Promise.all([
      system.startWorker({ ROLES: "submit", PUBLIC_URL: system.api.url }),
      system.startWorker({
        ROLES: "poll,archive,notify,sweep",
        WEBHOOK_SECRET: `whsec_${Buffer.alloc(32).toString("base64")}`,
        ALLOW_PRIVATE_WEBHOOKS: "true",
        WEBHOOK_RETRY_MS: "50,50",
      }),
    ]);
    const ends = [
      await order("plain", "", { traceparent: `00-${TRACE_ID}-${CALLERS_SPAN}-01` }),
      await order("without", "[[submit:error:429:1]] [[result:expired:403:1]]"),
    ];
    const failing = await order("failing", "[[fail:Timeout]]");
    await order("unsampled", "", { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-00` });
    for (const id of [...ends, videos["unsampled"]?.id ?? ""]) await system.untilEnded(id);
    await system.untilEnded(failing, "failed");
    await fetch(`${system.api.url}/v1/videos/${ends[0]}?token=${HOOK_TOKEN}`);
    await fetch(`${system.api.url}/nowhere/${HOOK_TOKEN}`);
    await fetch(`${system.api.url}/readyz`);
    await untilTrue(() => hooks === 2 || hooks);
    for (const [name, { id }] of Object.entries(videos)) {
      const key = (await system.get(id)).output[0]?.key;
      objects[name] = key && (await system.s3.headObject(key)).metadata["traceparent"];
    }
    // They send what they still have when they are told to end.
    for (const process of [...workers, system.api]) codes.push(await process.end("SIGTERM"));
  }, 120_000);
  afterAll(async () => {
    receiver.closeAllConnections();
    receiver.close();
    await system?.stop();
    await collector?.stop();
  });

  const traceOf = (traceId: string): ReceivedSpan[] =>
    collector.spans
      .filter((span) => span.traceId === traceId)
      .toSorted((one, other) => Number(one.startNanos - other.startNanos));
  const inTrace = (traceId: string, name: string): ReceivedSpan[] =>
    traceOf(traceId).filter((span) => span.name === name);
  const requestOf = (name: string): ReceivedSpan | undefined =>
    collector.spans.find(
      (span) => span.name === "POST /v1/videos" && span.attributes["rushes.video.id"] === videos[name]?.id,
    );
  const videoIds = (spans: readonly ReceivedSpan[]) =>
    new Set(spans.map(({ attributes }) => attributes["rushes.video.id"]).filter(Boolean));

  test("all that was sent could be read, and every process ended well", () => {
    expect(collector.problems).toEqual([]);
    expect(collector.headers[0]?.["x-collector-key"]).toBe("collector-secret");
    expect(codes).toEqual([0, 0, 0]);
  });

  test("a video's whole life is one trace, the caller's, through every process it went through", () => {
    const id = videos["plain"]?.id;
    const trace = traceOf(TRACE_ID);
    expect(videoIds(trace)).toEqual(new Set([id]));
    const steps = trace.filter(({ parentSpanId }) => parentSpanId === CALLERS_SPAN);
    expect(steps.map(({ name, kind, service }) => [name, kind, service])).toEqual(
      expect.arrayContaining([
        ["POST /v1/videos", SERVER, "rushes-api"],
        ["submit", CONSUMER, "rushes-submit"],
        ["poll", CONSUMER, "rushes-worker"],
        ["POST /callbacks/apixo/:token", SERVER, "rushes-api"],
        ["archive", CONSUMER, "rushes-worker"],
        ["notify", CONSUMER, "rushes-worker"],
      ]),
    );
    // Everything hangs together: whoever is not the caller's child is the child of somebody here.
    const ids = new Set([CALLERS_SPAN, ...trace.map(({ spanId }) => spanId)]);
    expect(trace.filter(({ parentSpanId }) => !ids.has(parentSpanId))).toEqual([]);
    expect(objects["plain"]).toBe(`00-${TRACE_ID}-${CALLERS_SPAN}-01`);
  });

  test("each step says what it was about and what came of it", () => {
    const id = videos["plain"]?.id;
    const [submit] = inTrace(TRACE_ID, "submit");
    const taskId = submit?.attributes["rushes.task.id"];
    expect(taskId).toEqual(expect.any(String));
    const about = { "rushes.video.id": id, "rushes.mode": "master-text-to-video" };
    const attempt = { "rushes.attempt": 1, "rushes.account": "default", "rushes.task.id": taskId };
    expect(submit?.attributes).toMatchObject({
      ...about,
      ...attempt,
      "messaging.destination.name": "submit",
      "rushes.phase.before": "queued",
      "rushes.phase.after": "generating",
      "rushes.outcome": "advance",
      "rushes.next": ["poll"],
    });
    const looks = inTrace(TRACE_ID, "poll").map(({ attributes }) => attributes);
    expect(looks.find((look) => look["rushes.fact"] === "succeeded")).toMatchObject({
      ...about,
      ...attempt,
      "rushes.phase.before": "generating",
      "rushes.phase.after": "archiving",
      "rushes.next": ["archive"],
    });
    const archive = inTrace(TRACE_ID, "archive").find(({ attributes }) => "rushes.fact" in attributes);
    expect(archive?.attributes).toMatchObject({
      ...about,
      ...attempt,
      "rushes.phase.before": "archiving",
      "rushes.phase.after": "completed",
      "rushes.next": ["notify"],
    });
    const told = inTrace(TRACE_ID, "notify").filter(
      ({ attributes }) => "rushes.delivery.state" in attributes,
    );
    expect(
      told.map(({ attributes, status }) => [
        attributes["rushes.delivery.state"],
        status.code,
        status.message,
      ]),
    ).toEqual([
      ["pending", ERROR, "500"],
      ["delivered", 0, ""],
    ]);
  });

  test("what is asked of others stands within its step", () => {
    const host = (url: string) => new URL(url).host;
    const within = (name: string, parent: string) => {
      const parents = new Set(inTrace(TRACE_ID, parent).map(({ spanId }) => spanId));
      return inTrace(TRACE_ID, name).filter((span) => span.kind === CLIENT && parents.has(span.parentSpanId));
    };
    expect(within("generateTask", "submit").map(({ attributes }) => attributes["server.address"])).toEqual([
      host(system.sandbox.url),
    ]);
    expect(within("statusTask", "poll").at(-1)?.attributes["rushes.task.state"]).toBe("succeeded");
    const [copy] = within("copy", "archive");
    const key = String(copy?.attributes["rushes.file.key"]);
    expect(key).toContain(videos["plain"]?.id);
    expect(within("download", "copy")).toHaveLength(1);
    expect(within("upload", "copy")[0]?.attributes["rushes.bucket"]).toBe(system.s3.bucket);
    expect(within("manifest", "archive")).toHaveLength(1);
    expect(
      within("webhook", "notify").map(({ attributes }) => attributes["http.response.status_code"]),
    ).toEqual([500, 204]);
  });

  test("without a trace of the caller's, the api's request begins it, and the order keeps it", () => {
    const request = requestOf("without");
    expect(request?.parentSpanId).toBe("");
    const trace = traceOf(request?.traceId ?? "");
    expect(new Set(trace.map(({ name }) => name))).toEqual(
      new Set([
        "POST /v1/videos",
        "POST /callbacks/apixo/:token",
        "submit",
        "generateTask",
        "poll",
        "statusTask",
        "archive",
        "copy",
        "download",
        "upload",
        "manifest",
      ]),
    );
    for (const span of trace.filter(({ name }) => ["submit", "poll", "archive"].includes(name)))
      expect(span.parentSpanId).toBe(request?.spanId);
    expect(objects["without"]).toBe(`00-${request?.traceId}-${request?.spanId}-01`);
  });

  test("steps that failed are errors by their code, and those after them are not", () => {
    const { traceId = "" } = requestOf("without") ?? {};
    const ends = (name: string) =>
      inTrace(traceId, name).map(({ status, attributes }) => [
        status.code,
        attributes["error.type"],
        attributes["http.response.status_code"],
      ]);
    expect(ends("generateTask")).toEqual([
      [ERROR, "rate_limited", 429],
      [0, undefined, undefined],
    ]);
    expect(ends("submit").map(([code, type]) => [code, type])).toEqual([
      [ERROR, "rate_limited"],
      [0, undefined],
    ]);
    expect(ends("download")).toEqual([
      [ERROR, "result_unreachable", 403],
      [0, undefined, undefined],
    ]);
    // A wake-up that came too late leaves a span too, of a step that did nothing.
    const copying = inTrace(traceId, "archive").filter(({ attributes }) => "rushes.fact" in attributes);
    expect(copying.map(({ status }) => status.code)).toEqual([ERROR, 0]);

    const failed = inTrace(requestOf("failing")?.traceId ?? "", "poll").filter(
      ({ status }) => status.code === ERROR,
    );
    expect(failed.map(({ status }) => status.message)).toEqual(["Timeout"]);
    expect(failed[0]?.attributes).toMatchObject({
      "rushes.outcome": "give-up",
      "rushes.phase.after": "failed",
    });
  });

  test("a turn's span is in the trace of the video that it served, and no trace has two videos", () => {
    const traces = new Set(collector.spans.map(({ traceId }) => traceId));
    for (const traceId of traces) expect(videoIds(traceOf(traceId)).size).toBeLessThanOrEqual(1);
  });

  test("what a caller did not want sampled is not, by any process", () => {
    expect(traceOf("a".repeat(32))).toEqual([]);
    expect(objects["unsampled"]).toBe(`00-${"a".repeat(32)}-${"b".repeat(16)}-00`);
  });

  test("a request is named by its route; machines that ask for health leave none", () => {
    const names = new Set(collector.spans.filter(({ kind }) => kind === SERVER).map(({ name }) => name));
    expect(names).toEqual(
      new Set(["POST /v1/videos", "GET /v1/videos/:id", "GET", "POST /callbacks/apixo/:token"]),
    );
  });

  test("what it needs is loaded, and seen to be, so that the look for it below can fail", () => {
    const modules = notedModules("traced");
    for (const part of [
      "@opentelemetry/sdk-trace/",
      "@opentelemetry/exporter-trace-otlp-proto/",
      "/otlp-tracing.",
    ])
      expect(modules.filter((url) => url.includes(part)).length, part).toBeGreaterThan(0);
  });

  test("no prompt, no secret and no query of a result's address is in any span", async () => {
    const seen = collector.bodies.map(String).join("\n");
    expect(seen).toContain(videos["plain"]?.id);
    const said = collector.spans.flatMap(({ name, attributes, status }) => [
      name,
      status.message,
      ...Object.values(attributes).flat(),
    ]);
    expect(said.filter((text) => typeof text === "string" && /[?#]|:\/\//.test(text))).toEqual([]);
    const secrets: string[] = [];
    for (const { id } of Object.values(videos)) {
      for (const [name, value] of Object.entries(await system.inspect.hgetall(`{rushes}:video:${id}`)))
        if (/secret/.test(name)) secrets.push(value);
    }
    expect(secrets.length).toBeGreaterThan(3);
    for (const hidden of [
      PROMPT,
      HOOK_TOKEN,
      "collector-secret",
      "sk-test-of-the-system",
      "a secret for callbacks",
      system.s3.credentials.secretAccessKey,
      ...secrets,
    ])
      expect(seen.includes(hidden), hidden).toBe(false);
  });
});

describe("without a collector", () => {
  let system: RunningSystem;
  beforeAll(async () => {
    system = await startSystem({ environment: noteModules("untraced") });
  });
  afterAll(() => system?.stop());

  async function makeVideo(): Promise<void> {
    const { id } = await system.order();
    await system.untilEnded(id);
  }

  test("nothing of OpenTelemetry's SDK is loaded while none is named", async () => {
    const worker = await system.startWorker();
    await makeVideo();
    expect(await worker.end("SIGTERM")).toBe(0);
    const modules = notedModules("untraced");
    for (const main of ["/apps/api/src/main.ts", "/apps/worker/src/main.ts"])
      expect(modules.filter((url) => url.endsWith(main)).length, main).toBeGreaterThan(0);
    // Its interface alone, a package that does nothing by itself, comes with prom-client.
    const others = modules.filter((url) => !url.includes("/node_modules/@opentelemetry/api/"));
    expect(others.filter((url) => /opentelemetry|otlp/i.test(url))).toEqual([]);
  });

  test("one that cannot be reached holds nothing up: videos are made, it is said once, the processes end well", async () => {
    const away = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await findFreePort()}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: "500",
      NODE_OPTIONS: "",
    };
    // Its orders too come from an api that cannot reach it.
    const api = await system.startApi(away);
    const worker = await system.startWorker(away);
    const order = async (): Promise<void> => {
      const response = await fetch(`${api.url}/v1/videos`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": randomUUID() },
        body: JSON.stringify({ input: { mode: "master-text-to-video", prompt: "a pier", duration: 5 } }),
      });
      await system.untilEnded(((await response.json()) as Video).id);
    };
    const complaints = ({ lines }: { lines: string[] }): string[] =>
      lines.filter((line) => line.includes("traces are not taken"));
    await order();
    await untilTrue(() => complaints(worker).length + complaints(api).length === 2, { timeoutMs: 45_000 });
    await order();
    expect(await Promise.all([worker.end("SIGTERM"), api.end("SIGTERM")])).toEqual([0, 0]);
    expect([complaints(worker).length, complaints(api).length]).toEqual([1, 1]);
  });
});
