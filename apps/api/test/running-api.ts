import { createHash } from "node:crypto";
import { Redis } from "ioredis";
import { createLedger, type Ledger, type LedgerSettings } from "@rushes/ledger";
import { parseEnvironment } from "@rushes/lifecycle";
import { createLogger, createMetrics } from "@rushes/telemetry";
import { uniquePrefix, untilTrue } from "@rushes/test-rig";
import { settingsSchema } from "../src/settings.ts";
import { startApi, type Api } from "../src/start-api.ts";

export type LogLine = Record<string, unknown> & { level: string; msg: string };

export type RunningApi = Api & {
  prefix: string;
  /** What was logged so far. */
  lines: LogLine[];
  /** Asks as a caller would. A body other than a text is sent as JSON. */
  ask(path: string, options?: AskOptions): Promise<Answer>;
  order(body: unknown, options?: AskOptions): Promise<Answer>;
  orderBatch(videos: unknown, options?: AskOptions): Promise<Answer>;
};

/** The ledger as workers have it, for tests that play them. No budget, and times that no test waits for, unless given. */
export function workersLedger(redis: Redis, api: RunningApi, more: Partial<LedgerSettings> = {}): Ledger {
  return createLedger(redis, api.prefix, {
    budgetMicros: null,
    leaseMaxMs: 3_600_000,
    submitDeadlineMs: 3_600_000,
    billFailedTasks: false,
    ...more,
  });
}

export type AskOptions = {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** The API key. */
  key?: string;
  /** `Idempotency-Key`; a fresh one for orders unless given, none when null. */
  idempotencyKey?: string | null;
};

export type Answer = {
  status: number;
  headers: Headers;
  text: string;
  // What a test expects of an answer it says itself.
  // oxlint-disable-next-line typescript/no-explicit-any
  json: any;
};

/** An api on a free port, with keys of its own in the test's Redis, ready to take orders. */
export async function runApi(
  redisUrl: string,
  environment: Record<string, string> = {},
): Promise<RunningApi> {
  const api = await runApiWithoutRedis(redisUrl, environment);
  await untilTrue(async () => {
    const { status, text } = await api.ask("/readyz");
    return status === 200 || text;
  });
  return api;
}

/** As `runApi`, but Redis need not be there. */
export async function runApiWithoutRedis(
  redisUrl: string,
  environment: Record<string, string> = {},
): Promise<RunningApi> {
  const prefix = uniquePrefix("api");
  const lines: LogLine[] = [];
  const level = environment["LOG_LEVEL"] ?? "info";
  const settings = parseEnvironment(settingsSchema, {
    PORT: "0",
    REDIS_URL: redisUrl,
    LOG_LEVEL: level,
    ...environment,
  });
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) };
  const logger = createLogger({ name: "api", level: settings.LOG_LEVEL, destination });
  const api = await startApi({ settings, logger, metrics: createMetrics(), keyPrefix: prefix });
  const ask: RunningApi["ask"] = (path, options) => askAt(api.url, path, options);
  return {
    ...api,
    prefix,
    lines,
    ask,
    order: (body, options) => ask("/v1/videos", { method: "POST", body, ...options }),
    orderBatch: (videos, options) =>
      ask("/v1/videos/batch", { method: "POST", body: { videos }, ...options }),
  };
}

async function askAt(url: string, path: string, options: AskOptions = {}): Promise<Answer> {
  const { method = "GET", body, key, idempotencyKey } = options;
  const headers = new Headers();
  if (body !== undefined) headers.set("content-type", "application/json");
  if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
  const isOrder = method === "POST" && /^\/v1\/videos(?:\/batch)?(?:\?|$)/.test(path);
  const ownKey = idempotencyKey === undefined && isOrder ? freshKey() : idempotencyKey;
  if (ownKey !== undefined && ownKey !== null) headers.set("idempotency-key", ownKey);
  for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value);
  const response = await fetch(`${url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: isRaw(body) ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true && text !== "";
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null };
}

function isRaw(body: unknown): body is string | Uint8Array<ArrayBuffer> {
  return typeof body === "string" || body instanceof Uint8Array;
}

let keysMade = 0;
export function freshKey(): string {
  keysMade += 1;
  return `test-key-${keysMade}`;
}

export function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A valid order; `changes` go into its input. */
export function textOrder(changes: Record<string, unknown> = {}): {
  input: Record<string, unknown>;
} & Record<string, unknown> {
  return { input: { mode: "master-text-to-video", prompt: "a quiet harbour", duration: 5, ...changes } };
}

export function imageOrder(
  mode: string,
  changes: Record<string, unknown> = {},
): ReturnType<typeof textOrder> {
  return textOrder({ mode, image_urls: ["https://images.example/start.jpg"], ...changes });
}

/**
 * Everything under the prefix that an order would leave behind, sorted. The queues' own `meta` is written when they
 * open, and is not an order's.
 */
export async function storedKeys(redisUrl: string, prefix: string): Promise<string[]> {
  const redis = new Redis(redisUrl);
  try {
    const keys = await redis.keys(`${prefix.replaceAll(/[[\]?*\\]/g, "\\$&")}*`);
    return keys.filter((key) => !key.endsWith(":meta")).toSorted();
  } finally {
    redis.disconnect();
  }
}
