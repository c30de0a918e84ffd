import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { startTestRedis, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runApi, sha256Hex, textOrder, type RunningApi } from "./running-api.ts";
import { valuesOf, type Schema } from "./schema-values.ts";

/** Another seed may be given to look further, or to see a failure again. */
const SEED = Number(process.env["FUZZ_SEED"] ?? 7);
const REQUESTS = Number(process.env["FUZZ_REQUESTS"] ?? 60);

const KEYS = { owner: "anna-key-0123456789", stranger: "ben-key-0123456789", admin: "ops-key-0123456789" };
const API_KEYS = `anna:${sha256Hex(KEYS.owner)},ben:${sha256Hex(KEYS.stranger)},ops:${sha256Hex(KEYS.admin)}:admin`;

type Media = Record<string, { schema: Schema }>;
type Operation = {
  parameters?: { name: string; in: string; schema: Schema; required?: boolean }[];
  requestBody?: { content: Media };
  responses: Record<string, { content?: Media }>;
};
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

let server: TestRedis;
let api: RunningApi;
let document: Document;
let ids: string[];
const ajv = new Ajv2020({ strict: false, validateFormats: false });

beforeAll(async () => {
  server = await startTestRedis();
  api = await runApi(server.url, { API_KEYS, BUDGET_USD_PER_DAY: "100" });
  document = (await api.ask("/openapi.json")).json as Document;
  ajv.addSchema({ $id: "document", components: document.components });
  ids = [];
  for (const key of Object.values(KEYS)) {
    const { json } = await api.order({ ...textOrder(), webhook_url: "https://hooks.example/a" }, { key });
    // Ended, so that no stream of it stays open.
    await api.ask(`/v1/videos/${json.id}/cancel`, { method: "POST", key });
    ids.push(json.id);
  }
});

afterAll(async () => {
  await api.stop(new AbortController().signal);
  await server.stop();
});

type Sent = {
  path: string;
  query: string;
  key: string;
  contentType: string;
  body: string | undefined;
  headers: Record<string, string>;
};

/** Requests of one operation: what its document describes, and things beside it. */
function requestsOf(
  path: string,
  method: string,
  { parameters = [], requestBody }: Operation,
): fc.Arbitrary<Sent> {
  const valuesAt = (place: string) =>
    fc.record(
      Object.fromEntries(
        parameters
          .filter((parameter) => parameter.in === place)
          .map(({ name, schema }) => [name, valuesOf(schema, document.components.schemas)]),
      ),
      { requiredKeys: [] },
    );
  const odd = fc.string({ unit: "binary", minLength: 1, maxLength: 30 });
  const schema = requestBody?.content["application/json"]?.schema;
  const values = schema ? valuesOf(schema, document.components.schemas) : fc.constantFrom({}, { a: 1 }, []);
  const text = values.map((value) => JSON.stringify(value) ?? "");
  const body = fc.oneof(
    { weight: 12, arbitrary: text },
    { weight: 1, arbitrary: text.map((whole) => whole.slice(0, -1)) },
    { weight: 1, arbitrary: fc.constantFrom("", "null", "[", '"', "\u0000", "{}") },
  );
  const segments = fc.record({
    id: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...ids) }, { weight: 1, arbitrary: odd }),
    other: fc.oneof(fc.constantFrom("main", `${ids[0]}_2`, "1"), odd),
  });
  return fc
    .record({
      segments,
      query: fc.oneof(
        { weight: 6, arbitrary: valuesAt("query") },
        { weight: 1, arbitrary: fc.dictionary(odd, odd, { maxKeys: 2 }) },
      ),
      named: valuesAt("header"),
      key: fc.constantFrom(KEYS.owner, KEYS.admin, KEYS.admin, KEYS.stranger, "", "nobody"),
      contentType: fc.oneof(
        { weight: 12, arbitrary: fc.constant("application/json") },
        {
          weight: 1,
          arbitrary: fc.constantFrom("text/plain", "application/xml", "application/json; charset=latin1", ""),
        },
      ),
      body: method === "get" ? fc.constant(undefined) : fc.option(body, { nil: undefined, freq: 12 }),
      idempotencyKey: fc.oneof(fc.uuid(), fc.uuid(), fc.constantFrom("same", "a b", "")),
    })
    .map(({ segments: { id, other }, query, named, key, contentType, body: sentBody, idempotencyKey }) => {
      const address = path
        .replace("{id}", () => encodeURIComponent(id.toWellFormed()))
        .replaceAll(/\{\w+\}/g, () => encodeURIComponent(other.toWellFormed()));
      const search = new URLSearchParams(
        Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
      );
      const headers = { ...named, ...(method === "post" ? { "idempotency-key": idempotencyKey } : {}) };
      const sane = Object.entries(headers).filter(([, value]) => /^[\x20-\x7e]*$/.test(value));
      return {
        path: address,
        query: String(search),
        key,
        contentType,
        body: sentBody,
        headers: Object.fromEntries(sane.map(([name, value]) => [name, value])),
      };
    });
}

async function send(method: string, { path, query, key, contentType, body, headers }: Sent) {
  const all = new Headers(headers);
  if (key !== "") all.set("authorization", `Bearer ${key}`);
  if (body !== undefined && contentType !== "") all.set("content-type", contentType);
  const address = `${api.url}${path}${query === "" ? "" : `?${query}`}`;
  const response = await fetch(address, {
    method: method.toUpperCase(),
    headers: all,
    // Bytes, for a text would be given a content type.
    ...(body === undefined ? {} : { body: new TextEncoder().encode(body) }),
    redirect: "manual",
    signal: AbortSignal.timeout(10_000),
  });
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  return { status: response.status, type, text: await response.text() };
}

/** Throws where an answer is not one that the document lists for its operation, or does not fit the schema there. */
function check({ responses }: Operation, { status, type, text }: Awaited<ReturnType<typeof send>>): void {
  const listed = responses[String(status)];
  if (!listed) throw new Error(`the status is not listed: ${text.slice(0, 500)}`);
  const media = listed.content?.[type];
  if (!media) {
    expect([listed.content, text]).toEqual([undefined, ""]);
    return;
  }
  if (!type.includes("json")) return;
  const schema = JSON.parse(JSON.stringify(media.schema).replaceAll("#/components", "document#/components"));
  const isValid = ajv.compile(schema);
  if (!isValid(JSON.parse(text))) throw new Error(`${ajv.errorsText(isValid.errors)}: ${text.slice(0, 500)}`);
}

/** Where the answers of one call fall together, this much of it was looked at. */
const seen: Record<string, Set<number>> = {};

test(
  `every answer is one that the document lists, and fits its schema (seed ${SEED})`,
  { timeout: 120_000 },
  async () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const statuses = (seen[`${method} ${path}`] = new Set<number>());
        const property = fc.asyncProperty(requestsOf(path, method, operation), async (sent) => {
          const answer = await send(method, sent);
          statuses.add(answer.status);
          try {
            check(operation, answer);
          } catch (error) {
            throw new Error(`${method} ${path} answered ${answer.status} ${answer.type}: ${String(error)}`, {
              cause: error,
            });
          }
        });
        await fc.assert(property, { numRuns: REQUESTS, seed: SEED });
      }
    }
    // The requests must reach what they are about, or this test looks at too little.
    expect([...(seen["post /v1/videos"] ?? [])]).toEqual(
      expect.arrayContaining([200, 202, 400, 401, 415, 422]),
    );
    expect([...(seen["post /v1/videos/batch"] ?? [])]).toEqual(expect.arrayContaining([202, 401, 422]));
    expect([...(seen["get /v1/videos"] ?? [])]).toEqual(expect.arrayContaining([200, 401, 422]));
    for (const [call, statuses] of Object.entries(seen)) {
      if (call.includes("{id}"))
        expect([call, [...statuses]]).toEqual([call, expect.arrayContaining([401, 404])]);
    }
  },
);
