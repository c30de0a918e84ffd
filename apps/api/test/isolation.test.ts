import type { FastifyInstance } from "fastify";
import { parseEnvironment } from "@rushes/lifecycle";
import { createMetrics } from "@rushes/telemetry";
import { startTestRedis, type TestRedis } from "@rushes/test-rig";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiParts } from "../src/api-parts.ts";
import { createServer } from "../src/create-server.ts";
import { settingsSchema } from "../src/settings.ts";
import { runApi, sha256Hex, textOrder, type Answer, type RunningApi } from "./running-api.ts";

/**
 * Every call that the api has, with every kind of key, about every kind of id. The calls are those of the running api's
 * own document, and a test below holds that document against the routes: a new one is in here by itself, and has to keep
 * callers apart.
 */
const KEYS = {
  owner: "anna-key-0123456789",
  stranger: "ben-key-0123456789",
  admin: "ops-key-0123456789",
} as const;
const API_KEYS = `anna:${sha256Hex(KEYS.owner)},ben:${sha256Hex(KEYS.stranger)},ops:${sha256Hex(KEYS.admin)}:admin`;
const MISSING = `vid_${"0".repeat(26)}`;
const SECRET_PROMPT = "a prompt that only its owner may read";

type Operation = {
  security?: unknown[];
  parameters?: { name: string; in: string }[];
  requestBody?: {
    content: Record<
      string,
      { schema: Schema; example?: unknown; examples?: Record<string, { value: unknown }> }
    >;
  };
};
type Schema = { $ref?: string; examples?: unknown[] };
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};
type Call = { method: string; path: string; operation: Operation };

let server: TestRedis;
let redis: Redis;
let api: RunningApi;
let document: Document;

const settings = parseEnvironment(settingsSchema, { API_KEYS });

/** The routes as fastify was given them, and the document that it makes of them. Nothing is asked of the parts. */
async function describeServer(): Promise<{ routes: string[]; calls: Call[] }> {
  const parts = { settings, metrics: createMetrics() } as unknown as ApiParts;
  const described = createServer(parts) as unknown as FastifyInstance;
  const routes: string[] = [];
  described.addHook("onRoute", ({ method, url }) => {
    for (const one of [method].flat()) if (one !== "HEAD") routes.push(`${one.toLowerCase()} ${url}`);
  });
  await described.ready();
  const { paths } = (described as unknown as { swagger(): Document }).swagger();
  await described.close();
  return { routes, calls: callsOf(paths) };
}

function callsOf(paths: Document["paths"]): Call[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

// Named here, so that each call is a test of its own.
const { routes, calls } = await describeServer();
const keyed = calls.filter(({ operation }) => operation.security?.length === 1);
const aboutOne = keyed.filter(({ path }) => path.includes("{id}"));
const nameOf = ({ method, path }: Call): string => `${method.toUpperCase()} ${path}`;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  api = await runApi(server.url, { API_KEYS });
  document = (await api.ask("/openapi.json")).json as Document;
});

afterAll(async () => {
  await api.stop(new AbortController().signal);
  redis.disconnect();
  await server.stop();
});

/** A body that the call takes, as its document shows one. */
function exampleOf({ requestBody }: Operation): unknown {
  const media = requestBody?.content["application/json"];
  if (!media) return undefined;
  const { $ref } = media.schema;
  const named = $ref ? document.components.schemas[$ref.split("/").at(-1) ?? ""] : undefined;
  return media.example ?? Object.values(media.examples ?? {})[0]?.value ?? named?.examples?.[0] ?? {};
}

async function ask({ method, path, operation }: Call, id: string, key: string | undefined): Promise<Answer> {
  const address = path
    .replace("{id}", id)
    .replace("{delivery}", `${id}_2`)
    .replaceAll(/\{\w+\}/g, "main");
  return await api.ask(address, {
    method: method.toUpperCase(),
    body: exampleOf(operation),
    headers: { "x-request-id": "same" },
    ...(key === undefined ? {} : { key }),
    ...(method === "post" ? { idempotencyKey: "isolation" } : {}),
  });
}

/** Two videos of the owner: one in line, one that has ended and owes a webhook. */
async function orderTwo(): Promise<string[]> {
  const order = { ...textOrder({ prompt: SECRET_PROMPT }), webhook_url: "https://hooks.example/a" };
  const ids: string[] = [];
  for (const isCancelled of [false, true]) {
    const { json } = await api.order(order, { key: KEYS.owner });
    if (isCancelled) await api.ask(`/v1/videos/${json.id}/cancel`, { method: "POST", key: KEYS.owner });
    ids.push(json.id);
  }
  return ids;
}

async function stateOf(id: string): Promise<unknown> {
  const names = (await redis.keys(`${api.prefix}:*${id}*`)).toSorted();
  const dumps = await Promise.all(names.map((name) => redis.dumpBuffer(name)));
  return names.map((name, index) => [name, dumps[index]?.toString("base64")]);
}

describe("the list of calls", () => {
  test("has every route under /v1", () => {
    const documented = calls.map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`);
    const hidden = routes.filter((route) => !documented.includes(route));
    expect(hidden.filter((route) => route.includes("/v1"))).toEqual([]);
    // The document itself, and where the provider calls, with a token of its own.
    expect(hidden.toSorted()).toEqual(["get /docs", "get /openapi.json", "post /callbacks/apixo/:token"]);
    expect(routes.length).toBe(documented.length + hidden.length);
  });

  test("needs a key for all of them", () => {
    const open = calls.filter(({ operation }) => operation.security?.length !== 1);
    expect(open.map(nameOf).toSorted()).toEqual(["GET /livez", "GET /metrics", "GET /readyz"]);
  });
});

describe("without a key", () => {
  test.each(keyed.map((call) => [nameOf(call), call] as const))("%s is 401", async (_, call) => {
    for (const id of await orderTwo()) {
      const before = await stateOf(id);
      for (const key of [undefined, "nobody", `${KEYS.owner}x`]) {
        const { status, text } = await ask(call, id, key);
        expect(status).toBe(401);
        expect(text).not.toContain(SECRET_PROMPT);
      }
      expect(await stateOf(id)).toEqual(before);
    }
  });
});

describe("a stranger's key", () => {
  test.each(aboutOne.map((call) => [nameOf(call), call] as const))(
    "learns nothing from %s, not even that there is such a video, and changes nothing",
    async (_, call) => {
      const nobodys = await ask(call, MISSING, KEYS.stranger);
      for (const id of await orderTwo()) {
        const before = await stateOf(id);
        const others = await ask(call, id, KEYS.stranger);
        expect([403, 404]).toContain(others.status);
        expect([others.status, others.text.replaceAll(id, MISSING)]).toEqual([nobodys.status, nobodys.text]);
        expect(await stateOf(id)).toEqual(before);
      }
    },
  );

  test.each(keyed.filter(({ path }) => !path.includes("{id}")).map((call) => [nameOf(call), call] as const))(
    "sees nothing of others in %s",
    async (_, call) => {
      const ids = await orderTwo();
      const { status, text } = await ask(call, MISSING, KEYS.stranger);
      expect(status).toBeLessThan(500);
      for (const id of ids) expect(text).not.toContain(id);
      expect(text).not.toContain(SECRET_PROMPT);
      expect(text).not.toContain("anna");
    },
  );
});

describe("the owner's key and an admin's", () => {
  test.each(aboutOne.map((call) => [nameOf(call), call] as const))(
    "reach what %s is about, or are told that it is for operators",
    async (_, call) => {
      for (const key of [KEYS.owner, KEYS.admin]) {
        const [, ended = ""] = await orderTwo();
        const { status, json } = await ask(call, ended, key);
        const isForOperators = key === KEYS.owner && json?.code === "admin_only";
        expect(isForOperators ? [403] : [200, 202, 204, 302, 409, 410]).toContain(status);
      }
    },
  );
});

describe("an id of another shape", () => {
  test.each(aboutOne.map((call) => [nameOf(call), call] as const))("is nobody's in %s", async (_, call) => {
    for (const id of ["1", "vid_", `${MISSING}0`, MISSING.toUpperCase(), "..%2f..", "%00", "*"]) {
      for (const key of Object.values(KEYS)) {
        const { status } = await ask(call, id, key);
        expect([id, [403, 404].includes(status)]).toEqual([id, true]);
      }
    }
  });
});
