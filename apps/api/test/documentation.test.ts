import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestRedis, type TestRedis } from "@rushes/test-rig";
import { PROBLEMS } from "../src/problem-codes.ts";
import { runApi, sha256Hex, type RunningApi } from "./running-api.ts";

const KEY = "anna-key-0123456789";

let server: TestRedis;
let api: RunningApi;
let document: OpenApi;
let page: string;

type Operation = {
  security?: unknown[];
  parameters?: { name: string; in: string }[];
  responses: Record<string, { description: string; content?: Record<string, unknown> }>;
};
type OpenApi = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { examples?: unknown[] }> };
};

beforeAll(async () => {
  server = await startTestRedis();
  api = await runApi(server.url, { API_KEYS: `anna:${sha256Hex(KEY)}` });
  document = (await api.ask("/openapi.json")).json as OpenApi;
  page = (await api.ask("/docs")).text;
});

afterAll(async () => {
  await api.stop(new AbortController().signal);
  await server.stop();
});

describe("/openapi.json", () => {
  test("needs no key and describes every call", async () => {
    expect(document.openapi).toBe("3.1.0");
    const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(new Set(calls)).toEqual(
      new Set([
        "post /v1/videos",
        "post /v1/videos/batch",
        "get /v1/videos",
        "get /v1/videos/{id}",
        "get /v1/videos/{id}/events",
        "get /v1/videos/{id}/content",
        "post /v1/videos/{id}/cancel",
        "get /v1/videos/{id}/deliveries",
        "post /v1/videos/{id}/deliveries/{delivery}/replay",
        "post /v1/videos/{id}/adopt",
        "post /v1/videos/{id}/release",
        "post /v1/videos/{id}/write-off",
        "post /v1/videos/{id}/poll",
        "post /v1/videos/{id}/rearchive",
        "get /v1/overview",
        "post /v1/submit/pause",
        "post /v1/submit/resume",
        "get /v1/audit",
        "get /v1/limits",
        "put /v1/limits/{account}",
        "post /v1/limits/{account}/pin",
        "get /livez",
        "get /readyz",
        "get /metrics",
      ]),
    );
  });

  test("says which calls need a key, as they do", async () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const answer = await api.ask(path.replace("{id}", `vid_${"0".repeat(26)}`), {
          method: method.toUpperCase(),
        });
        expect([path, answer.status === 401]).toEqual([path, operation.security?.length === 1]);
      }
    }
  });

  test("refers to nothing that is not in it, and holds nothing that is not referred to", () => {
    const referred = JSON.stringify(document).match(/(?<="\$ref":")[^"]+/g) ?? [];
    const named = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect(new Set(referred)).toEqual(new Set(named));
  });

  test("has examples that can be ordered as they stand", async () => {
    const examples = document.components.schemas["OrderInput"]?.examples ?? [];
    expect(examples.length).toBeGreaterThan(1);
    for (const example of examples) expect((await api.order(example, { key: KEY })).status).toBe(202);
  });

  test("names the problems of a call under their status", () => {
    const responses = document.paths["/v1/videos"]?.["post"]?.responses ?? {};
    for (const [status, { description, content }] of Object.entries(responses)) {
      if (status.startsWith("2")) continue;
      expect(Object.keys(content ?? {})).toEqual(["application/problem+json"]);
      for (const code of description.split(" · ")) {
        expect([code, PROBLEMS[code as keyof typeof PROBLEMS].status]).toEqual([code, Number(status)]);
      }
    }
    expect(responses["422"]?.description).toContain("invalid_order");
  });

  test("lists the parameters that are known", () => {
    const names = (path: string, method: string) =>
      (document.paths[path]?.[method]?.parameters ?? []).map(
        (parameter) => `${parameter.in} ${parameter.name}`,
      );
    expect(names("/v1/videos", "get")).toEqual(["query status", "query phase", "query limit", "query after"]);
    expect(names("/v1/videos", "post")).toEqual(["query dry_run", "header idempotency-key"]);
    expect(names("/v1/videos/{id}", "get")).toEqual(["path id"]);
  });
});

describe("/docs", () => {
  test("explains every problem at the place that a problem's type points to", async () => {
    for (const code of Object.keys(PROBLEMS)) expect(page).toContain(`<tr id="${code}">`);
    const { json } = await api.ask("/nowhere");
    expect(json.type).toBe("/docs#route_not_found");
  });

  test("shows every call, and every mode of an order", () => {
    expect(page).toContain("POST /v1/videos/{id}/cancel");
    expect(page).toContain("input (pro-image-to-video).image_urls");
    expect(page).not.toContain("input (master-text-to-video).image_urls");
  });

  test("loads nothing and runs nothing, and its style passes its own policy", async () => {
    const { headers } = await api.ask("/docs");
    expect(headers.get("content-type")).toMatch(/^text\/html/);
    expect(page).not.toMatch(/<script|src=|@import|url\(|https?:\/\/(?!images\.example)/);
    const style = /<style>([^]*)<\/style>/.exec(page)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(headers.get("content-security-policy")).toContain(`style-src 'sha256-${hash}'`);
  });
});
