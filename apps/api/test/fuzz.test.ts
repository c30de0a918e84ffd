import { afterAll, beforeAll, expect, test } from "vitest";
import { createRandom, startTestRedis, type TestRedis } from "@rushes/test-rig";
import { PROBLEMS } from "../src/problem-codes.ts";
import { videoSchema } from "../src/video-schema.ts";
import { randomBody } from "./random-body.ts";
import { runApi, storedKeys, type RunningApi } from "./running-api.ts";

/** Another seed may be given to look further, or to see a failure again. */
const SEED = Number(process.env["FUZZ_SEED"] ?? 21);
const REQUESTS = Number(process.env["FUZZ_REQUESTS"] ?? 1_500);
const AT_ONCE = 10;

let server: TestRedis;
let api: RunningApi;

beforeAll(async () => {
  server = await startTestRedis();
  api = await runApi(server.url);
});

afterAll(async () => {
  await api.stop(new AbortController().signal);
  await server.stop();
});

test(`no body makes the api fail, and only answered orders are stored (seed ${SEED})`, async () => {
  const random = createRandom(SEED);
  const counts: Record<number, number> = {};
  for (let sent = 0; sent < REQUESTS; sent += AT_ONCE) {
    const bodies = Array.from({ length: AT_ONCE }, () => randomBody(random));
    const headers = { "content-type": "application/json" };
    await Promise.all(
      bodies.map(async (body) => {
        const { status, json } = await api.ask("/v1/videos", { method: "POST", headers, body });
        counts[status] = (counts[status] ?? 0) + 1;
        const about = `seed ${SEED}, status ${status}, body ${body.slice(0, 2_000)}`;
        if (status === 202) return expect(videoSchema.safeParse(json).error, about).toBeUndefined();
        expect([400, 413, 422], about).toContain(status);
        expect(Object.keys(PROBLEMS), about).toContain(json.code);
        if (status === 422) expect(json.errors.length, about).toBeGreaterThan(0);
      }),
    );
  }
  // The bodies must reach every kind of answer, or this test looks at too little.
  expect(Object.keys(counts).toSorted()).toEqual(["202", "400", "422"]);
  const stored = await storedKeys(server.url, api.prefix);
  expect(stored.filter((key) => key.startsWith(`${api.prefix}:video:`)).length).toBe(counts[202]);
});
