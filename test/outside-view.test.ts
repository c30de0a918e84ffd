import { createHash, randomBytes, scryptSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { MODES, PHASES, type Video } from "@rushes/pipeline";
import { OPERATIONS, SUBMIT_RESULTS, WEBHOOK_RESULTS } from "@rushes/telemetry";
import { startOtlpReceiver, untilTrue, type OtlpReceiver } from "@rushes/test-rig";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dumpRedis } from "./dump-redis.ts";
import { parseMetrics, type Sample } from "./parse-metrics.ts";
import { startSystem, type RunningSystem, type WorkerProcess } from "./running-system.ts";

/*
 * What can be seen of the system from outside while much goes wrong in it: metrics, logs, traces, pages, webhooks, Redis. One run
 * for all tests of this file: orders that succeed, fail, are refused, throttled, lost and brought back, webhooks that
 * are refused, a Redis that goes away, processes that cannot start, callers with wrong keys.
 */

const planted = (name: string): string => `canary-${name}-${randomBytes(9).toString("hex")}`;
const RAW_WEBHOOK_KEY = randomBytes(32).toString("base64");
/** What none but its owner may see. */
const SECRETS = {
  "the provider's key": planted("apixo"),
  "the bucket's secret key": planted("s3"),
  "the callbacks' secret": planted("callback"),
  "the webhooks' key": RAW_WEBHOOK_KEY,
  "a caller's key": planted("caller"),
  "an admin's key": planted("admin"),
  "a key that is not let in": planted("stranger"),
  "Redis' password": planted("redis"),
  "a wrong password for Redis": planted("wrong"),
  "an operator's password": planted("operator"),
  "a setting that is refused": planted("setting"),
  "the collector's key": planted("collector"),
};
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const PROMPT = "a prompt that stands in no label and no log";

let system: RunningSystem;
let collector: OtlpReceiver;
let worker: WorkerProcess;
let board: WorkerProcess;
const outsiders: WorkerProcess[] = [];
const told: string[] = [];
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    told.push(`${JSON.stringify(request.headers)} ${Buffer.concat(chunks).toString()}`);
    response.writeHead(told.length === 1 ? 500 : 204).end();
  });
});
/** Of the caller's own receiver: kept in Redis, for it is needed there, and shown nowhere. */
const HOOK_TOKEN = planted("hook");
const videos: Record<string, Video> = {};

function boardUser(): string {
  const salt = randomBytes(16);
  const digest = scryptSync(SECRETS["an operator's password"], salt, 32, { N: 2 ** 14, r: 8, p: 1 });
  return `ops:admin:scrypt.${2 ** 14}.8.1.${salt.toString("base64url")}.${digest.toString("base64url")}`;
}

async function ask(
  path: string,
  init: Omit<RequestInit, "headers"> & { key?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const { key = SECRETS["an admin's key"], headers, ...rest } = init;
  return await fetch(`${system.api.url}${path}`, {
    ...rest,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
  });
}

async function portOf(process: WorkerProcess, words: string): Promise<number> {
  let port: string | undefined;
  await untilTrue(
    () => {
      const line = process.lines.find((text) => text.includes(words)) ?? "";
      port = /"port":(\d+)/.exec(line)?.[1];
      return port !== undefined || process.lines.join("\n");
    },
    { timeoutMs: 45_000 },
  );
  return Number(port);
}

async function until(id: string, phase: Video["phase"]): Promise<void> {
  await untilTrue(
    async () => {
      const video = (await (await ask(`/v1/videos/${id}`)).json()) as Video;
      return video.phase === phase || `${id} is ${video.phase}`;
    },
    { timeoutMs: 45_000, everyMs: 100 },
  );
}

/** Everything goes wrong that can, and ends. */
async function liveThrough(): Promise<void> {
  const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook?token=${HOOK_TOKEN}`;
  const order = async (name: string, fault: string, extra: object = {}): Promise<void> => {
    videos[name] = await system.order({ prompt: `${PROMPT} ${name} ${fault}` }, extra);
  };
  const idOf = (name: string): string => videos[name]?.id ?? "";
  await order("plain", "", { webhook_url: hook, webhook_events: ["submitted", "completed"] });
  await order("back by callback", "[[submit:reset-after-accept]]");
  await order("lost", "[[submit:reset]] [[callback:drop]]");
  await order("throttled", "[[submit:error:429:1]]");
  await order("unavailable", "[[submit:error:500:1]]");
  await order("key doubted", "[[submit:error:401:1]]");
  await order("failed", "[[fail:Timeout]]");
  await order("refused", "[[submit:error:400]]");
  await order("result late", "[[result:expired:403:1]]");
  await order("never", "", { delay_s: 3600 });
  await ask(`/v1/videos/${idOf("never")}/cancel`, { method: "POST" });

  // Whoever knocks with a wrong key, or says the right one in the wrong place.
  const stranger = SECRETS["a key that is not let in"];
  await ask("/v1/videos", { key: stranger });
  await ask(`/v1/videos?limit=${SECRETS["a caller's key"]}`, { key: SECRETS["a caller's key"] });
  await ask(`/nowhere/${stranger}`, { headers: { cookie: `session=${stranger}` } });
  await ask("/v1/videos", {
    method: "POST",
    headers: { "idempotency-key": "k" },
    body: `{"api_key": "${stranger}"`,
  });
  await ask(`/callbacks/apixo/${idOf("plain")}.1.${stranger}`, { method: "POST", body: stranger });
  const port = await portOf(board, "board is listening");
  await fetch(`http://127.0.0.1:${port}/login`, {
    method: "POST",
    headers: { origin: `http://127.0.0.1:${port}` },
    body: new URLSearchParams({ name: "ops", password: stranger }),
  });

  // Processes that cannot start.
  outsiders.push(
    system.spawnProcess("apps/worker/src/main.ts", {
      APIXO_API_KEY: ` ${SECRETS["a setting that is refused"]} `,
      WEBHOOK_SECRET: SECRETS["a setting that is refused"],
      CALLBACK_SECRET: ` ${SECRETS["a setting that is refused"]}`,
      BUDGET_USD_PER_DAY: SECRETS["a setting that is refused"],
    }),
    system.spawnProcess("apps/worker/src/main.ts", {
      ROLES: "sweep",
      REDIS_URL: `redis://:${SECRETS["a wrong password for Redis"]}@127.0.0.1:${system.redis.port}`,
    }),
  );

  await until(idOf("lost"), "unconfirmed");
  for (const name of ["plain", "back by callback", "throttled", "unavailable", "key doubted", "result late"])
    await until(idOf(name), "completed");
  for (const name of ["failed", "refused"]) await until(idOf(name), "failed");
  await ask(`/v1/videos/${idOf("plain")}/content`, { redirect: "manual" });
  await untilTrue(() => told.length >= 3 || told.length, { timeoutMs: 30_000 });
  await untilTrue(() => outsiders[1]?.lines.some((line) => line.includes("WRONGPASS")) ?? false, {
    timeoutMs: 45_000,
  });
  await system.redis.restart();
  await untilTrue(async () => (await ask("/readyz")).status === 200, { timeoutMs: 45_000 });
  await order("after", "");
  await until(idOf("after"), "completed");
}

beforeAll(async () => {
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const callers = [
    `shop:${sha256(SECRETS["a caller's key"])}`,
    `ops:${sha256(SECRETS["an admin's key"])}:admin`,
  ];
  collector = await startOtlpReceiver();
  system = await startSystem({
    sandbox: { callbackTimeoutMs: 400_000 },
    redis: { password: SECRETS["Redis' password"] },
    key: SECRETS["a caller's key"],
    environment: {
      APIXO_API_KEY: SECRETS["the provider's key"],
      AWS_SECRET_ACCESS_KEY: SECRETS["the bucket's secret key"],
      CALLBACK_SECRET: SECRETS["the callbacks' secret"],
      BUDGET_USD_PER_DAY: "1000",
      LIMIT_CONCURRENCY: "50",
      LOG_LEVEL: "trace",
      BALANCE_EVERY_MS: "500",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${SECRETS["the collector's key"]}`,
    },
    api: { API_KEYS: callers.join(",") },
  });
  board = system.spawnProcess("apps/board/src/main.ts", {
    BOARD_PORT: "0",
    BOARD_USERS: boardUser(),
    API_URL: system.api.url,
  });
  worker = await system.startWorker({
    PUBLIC_URL: system.api.url,
    WEBHOOK_SECRET: `whsec_${RAW_WEBHOOK_KEY}`,
    ALLOW_PRIVATE_WEBHOOKS: "true",
    WEBHOOK_RETRY_MS: "100,200,300",
  });
  await liveThrough();
}, 120_000);
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await system?.stop();
  await collector?.stop();
});

async function pageOf(process: "api" | "worker" | "board"): Promise<string> {
  const url = {
    api: () => system.api.url,
    worker: async () => `http://127.0.0.1:${await portOf(worker, "listening for probes")}`,
    board: async () => `http://127.0.0.1:${await portOf(board, "board is listening")}`,
  };
  return await (await fetch(`${await url[process]()}/metrics`)).text();
}

describe("metrics", () => {
  /** Every label a metric may have, with every value it may take: ids, prompts and URLs are in no list. */
  const ROLES = ["submit", "poll", "archive", "notify", "sweep"];
  const STATUSES = "200 400 401 402 403 404 429 500 502 503 504 2xx 3xx 4xx 5xx other none".split(" ");
  const VALUES: Record<string, readonly string[]> = {
    phase: PHASES,
    result: [...SUBMIT_RESULTS, ...WEBHOOK_RESULTS],
    operation: OPERATIONS,
    status: STATUSES,
    account: ["default"],
    mode: MODES,
    role: ROLES,
  };
  /** What operators were promised, with its labels, and what each must show after this run. */
  const PROMISED: readonly [name: string, labels: Record<string, string>, least: number][] = [
    ["videos", { phase: "completed" }, 7],
    ["videos", { phase: "unconfirmed" }, 1],
    ["submit_attempts_total", { result: "accepted" }, 7],
    ["submit_attempts_total", { result: "refused" }, 2],
    ["submit_attempts_total", { result: "throttled" }, 1],
    ["submit_attempts_total", { result: "not_sent" }, 0],
    ["submit_attempts_total", { result: "unconfirmed" }, 2],
    ["provider_requests_total", { operation: "generateTask", status: "429" }, 1],
    ["provider_requests_total", { operation: "statusTask", status: "200" }, 7],
    ["provider_requests_total", { operation: "currentBalance", status: "200" }, 1],
    ["provider_request_duration_seconds_count", { operation: "generateTask" }, 9],
    ["inflight", { account: "default" }, 1],
    ["inflight_limit", { account: "default" }, 50],
    ["rate_limit", { account: "default" }, 0.01],
    ["look_stretch", { account: "default" }, 1],
    ["generation_duration_seconds_count", { mode: "master-text-to-video" }, 7],
    ["poll_lag_seconds_count", {}, 8],
    ["time_to_archive_seconds_count", {}, 7],
    ["archive_bytes_total", {}, 10_000],
    ["unconfirmed", {}, 1],
    ["unconfirmed_usd", {}, 1],
    ["late", {}, 0],
    ["callback_recovered_total", {}, 0],
    ["swept_total", { phase: "generating" }, 0],
    ["spend_usd_total", { mode: "master-text-to-video" }, 7],
    ["reserved_usd", {}, 1],
    ["spent_today_usd", {}, 8],
    ["budget_usd", {}, 1000],
    ["balance_usd", { account: "default" }, 1],
    ["account_open", { account: "default" }, 1],
    ["archive_wait_seconds", {}, 0],
    ["webhook_deliveries_total", { result: "delivered" }, 2],
    ["webhook_deliveries_total", { result: "retry" }, 1],
    ["webhook_deliveries_total", { result: "given_up" }, 0],
    ["webhooks_pending", {}, 0],
    ["collect_failures_total", {}, 0],
    ...ROLES.map((role): [string, Record<string, string>, number] => ["role_up", { role }, 1]),
  ];

  const find = (samples: readonly Sample[], name: string, labels: Record<string, string>) =>
    samples.find(
      (sample) =>
        sample.name === `rushes_${name}` &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );

  test.each(PROMISED)("a worker shows %s %j", async (name, labels, least) => {
    const sample = find(parseMetrics(await pageOf("worker")), name, labels);
    expect(sample).toBeDefined();
    expect(Object.keys(sample?.labels ?? {})).toEqual(Object.keys(labels));
    expect(sample?.value).toBeGreaterThanOrEqual(least);
  });

  test("a callback that brought a task back is counted where it arrived", async () => {
    const sample = find(parseMetrics(await pageOf("api")), "callback_recovered_total", {});
    expect(sample?.value).toBeGreaterThanOrEqual(1);
  });

  test.each(["api", "worker", "board"] as const)(
    "on the page of the %s every label is from a short list",
    async (process) => {
      const samples = parseMetrics(await pageOf(process)).filter(({ name }) => name.startsWith("rushes_"));
      expect(samples.length).toBeGreaterThan(20);
      for (const { name, labels } of samples) {
        for (const [label, value] of Object.entries(labels)) {
          if (label === "le" && name.endsWith("_bucket")) continue;
          expect(VALUES[label], `${name} has the label ${label}`).toContain(value);
        }
      }
    },
  );

  test("totals are the same wherever they are read", async () => {
    const pages = await Promise.all((["api", "worker", "board"] as const).map(pageOf));
    for (const page of pages) {
      expect(find(parseMetrics(page), "videos", { phase: "unconfirmed" })?.value).toBe(1);
      expect(find(parseMetrics(page), "unconfirmed", {})?.value).toBe(1);
      expect(page).toContain("process_resident_memory_bytes");
    }
  });
});

describe("secrets", () => {
  /** Everything anybody could read, by where. */
  async function everything(): Promise<Record<string, string>> {
    const url = `http://127.0.0.1:${await portOf(board, "board is listening")}`;
    const login = await fetch(`${url}/login`, {
      method: "POST",
      redirect: "manual",
      headers: { origin: url },
      body: new URLSearchParams({ name: "ops", password: SECRETS["an operator's password"] }),
    });
    const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const look = async (path: string): Promise<string> => {
      const answer = await fetch(`${url}${path}`, { headers: { cookie } });
      expect([path, answer.status]).toEqual([path, 200]);
      return await answer.text();
    };
    const queues = await Promise.all(
      ["submit", "poll", "archive", "notify"].map((queue) =>
        look(`/queues/api/queues?activeQueue=${queue}&status=latest&page=1&jobsPerPage=50`),
      ),
    );
    const ids = Object.values(videos).map(({ id }) => id);
    const api = await Promise.all(
      [
        "/v1/videos",
        "/v1/audit",
        ...ids.map((id) => `/v1/videos/${id}`),
        `/v1/videos/${ids[0]}/deliveries`,
      ].map(async (path) => await (await ask(path)).text()),
    );
    const stored = await system.s3.listObjects();
    const manifests = stored.filter(({ key }) => key.endsWith(".json"));
    const objects = await Promise.all(
      manifests.map(async ({ key }) => (await system.s3.getObject(key)).toString()),
    );
    const pages = await Promise.all((["api", "worker", "board"] as const).map(pageOf));
    return {
      logs: [system.api, worker, board, ...outsiders].flatMap(({ lines }) => lines).join("\n"),
      "the board": [...queues, await look("/unconfirmed")].join("\n"),
      metrics: pages.join("\n"),
      traces: collector.bodies.map(String).join("\n"),
      webhooks: told.join("\n"),
      "the api's answers": api.join("\n"),
      "the bucket": [...stored.map(({ key }) => key), ...objects].join("\n"),
      Redis: await dumpRedis(system.inspect),
    };
  }

  let seen: Record<string, string>;
  beforeAll(async () => {
    seen = await everything();
  });
  const places = (): [string, string][] => Object.entries(seen);

  test("where this test looks, there is something to be seen", () => {
    for (const [place, text] of places()) expect(text.length, place).toBeGreaterThan(500);
    const plain = videos["plain"]?.id ?? "none";
    for (const place of [
      "logs",
      "traces",
      "the board",
      "webhooks",
      "the api's answers",
      "the bucket",
      "Redis",
    ])
      expect(seen[place], place).toContain(plain);
    // Needed there, and found: so the look into Redis is thorough.
    expect(seen["Redis"]).toContain(HOOK_TOKEN);
    expect(seen["logs"]).toContain("WRONGPASS");
    expect(JSON.stringify(collector.headers)).toContain(SECRETS["the collector's key"]);
    expect(outsiders[0]?.lines.join("\n")).toMatch(/settings need attention/);
  });

  test.each(Object.entries(SECRETS))("%s is seen nowhere", (_name, secret) => {
    const spellings = [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")];
    const found = places().filter(([, text]) => spellings.some((spelling) => text.includes(spelling)));
    expect(found.map(([place]) => place)).toEqual([]);
  });

  test("the secrets of attempts, which prove a callback, stand in Redis only", async () => {
    const secrets: string[] = [];
    for (const { id } of Object.values(videos)) {
      const fields = await system.inspect.hgetall(`{rushes}:video:${id}`);
      for (const [name, value] of Object.entries(fields)) if (/secret/.test(name)) secrets.push(value);
    }
    expect(secrets.length).toBeGreaterThan(8);
    for (const secret of secrets) {
      const found = places().filter(([place, text]) => place !== "Redis" && text.includes(secret));
      expect(found.map(([place]) => place)).toEqual([]);
    }
  });

  test("a receiver's own token, and a prompt, are in no log, no metric and no trace", () => {
    for (const place of ["logs", "metrics", "traces"]) {
      expect(seen[place], place).not.toContain(HOOK_TOKEN);
      expect(seen[place], place).not.toContain(PROMPT);
    }
  });
});

describe("logs", () => {
  type Line = Record<string, unknown>;
  const linesOf = (id: string): Line[] =>
    [system.api, worker]
      .flatMap(({ lines }) => lines)
      .map((line) => JSON.parse(line) as Line)
      .filter((line) => line["videoId"] === id);

  /**
   * The worker's that say where the video is. A callback told by the api, an overdue video found by the sweep, and a look that
   * came after another has seen the end are lines of their own and no steps.
   */
  const stepsOf = (id: string): Line[] =>
    linesOf(id).filter(
      ({ name, phase, msg }) =>
        name === "worker" && phase !== undefined && String(msg).startsWith("video is "),
    );

  test("every line of api, worker and board is one JSON object with level, time, process and message", () => {
    const lines = [system.api, worker, board].flatMap((process) => process.lines);
    expect(lines.length).toBeGreaterThan(100);
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({
        level: expect.stringMatching(/^(trace|debug|info|warn|error)$/),
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        name: expect.stringMatching(/^(api|worker|board)$/),
        msg: expect.any(String),
      });
    }
  });

  test("a video's way can be followed: one line for each of its transitions, with how long it took", () => {
    const { id = "" } = videos["plain"] ?? {};
    const steps = stepsOf(id);
    expect(steps.map(({ phase }) => phase)).toEqual(["submitting", "generating", "archiving", "completed"]);
    const [submitting, generating, archiving, completed] = steps;
    expect(submitting).toMatchObject({ attempt: 1, account: "default" });
    expect(generating).toMatchObject({
      attempt: 1,
      account: "default",
      taskId: expect.any(String),
      postMs: expect.any(Number),
      rev: expect.any(Number),
    });
    expect(archiving).toMatchObject({ taskId: generating?.["taskId"], generatingMs: expect.any(Number) });
    expect(completed).toMatchObject({
      taskId: generating?.["taskId"],
      archivingMs: expect.any(Number),
      bytes: expect.any(Number),
    });
    expect(linesOf(id).filter(({ msg }) => msg === "request")[0]).toMatchObject({
      status: 202,
      ms: expect.any(Number),
    });
    expect(linesOf(id).filter(({ msg }) => String(msg).startsWith("webhook")).length).toBe(3);
  });

  test.each([
    ["throttled", ["submitting", "queued", "submitting", "generating", "archiving", "completed"]],
    ["lost", ["submitting", "unconfirmed"]],
    ["failed", ["submitting", "generating", "failed"]],
    ["refused", ["submitting", "failed"]],
  ])("so can one that is %s", (name, phases) => {
    const steps = stepsOf(videos[name]?.id ?? "");
    expect(steps.map(({ phase }) => phase)).toEqual(phases);
    const attempts = steps.filter(({ phase }) => phase === "submitting").map(({ attempt }) => attempt);
    expect(attempts).toEqual(attempts.map((_, index) => index + 1));
  });
});
