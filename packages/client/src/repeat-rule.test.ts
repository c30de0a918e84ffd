import { describe, expect, test } from "vitest";
import { repeatAfterMs } from "./repeat-rule.ts";
import { retryAfterMs } from "./retry-after.ts";
import { RushesError } from "./rushes-error.ts";

const answered = (status: number, restMs: number | null = null): RushesError =>
  new RushesError("some_code", "No.", { status, retryAfterMs: restMs });
const latest = (): number => 1 - Number.EPSILON;

describe("repeatAfterMs", () => {
  test("repeats what passes, and nothing else", () => {
    for (const status of [408, 429, 500, 502, 503, 504])
      expect(repeatAfterMs(answered(status), 1, 5, Math.random)).not.toBeNull();
    for (const status of [200, 301, 400, 401, 402, 404, 409, 422, 501])
      expect(repeatAfterMs(answered(status), 1, 5, Math.random)).toBeNull();
    for (const code of ["unreachable", "timeout"])
      expect(repeatAfterMs(new RushesError(code, ""), 1, 5, Math.random)).not.toBeNull();
    expect(repeatAfterMs(new RushesError("wait_timeout", ""), 1, 5, Math.random)).toBeNull();
  });

  test("at growing gaps with a limit, scattered over their upper half, so many times", () => {
    const gaps = (random: () => number): (number | null)[] =>
      [1, 2, 3, 4, 5, 6, 7, 8].map((failed) => repeatAfterMs(answered(503), failed, 8, random));
    expect(gaps(() => 0)).toEqual([125, 250, 500, 1_000, 2_000, 4_000, 4_000, null]);
    expect(gaps(latest).map((ms) => ms && Math.round(ms))).toEqual([
      250,
      500,
      1_000,
      2_000,
      4_000,
      8_000,
      8_000,
      null,
    ]);
  });

  test("never sooner than the api wants, and not at all when that is long", () => {
    expect(repeatAfterMs(answered(429, 60_000), 1, 5, () => 0)).toBe(60_000);
    expect(repeatAfterMs(answered(503, 1), 1, 5, () => 0)).toBe(125);
    expect(repeatAfterMs(answered(429, 3_600_000), 1, 5, () => 0)).toBeNull();
  });
});

test("Retry-After is seconds or a date", () => {
  const nowMs = Date.parse("2026-11-24T08:00:00Z");
  expect(retryAfterMs("120", nowMs)).toBe(120_000);
  expect(retryAfterMs("Tue, 24 Nov 2026 08:00:30 GMT", nowMs)).toBe(30_000);
  for (const nothing of [null, "", "0", "soon", "Tue, 24 Nov 2026 07:59:00 GMT"])
    expect(retryAfterMs(nothing, nowMs)).toBeNull();
});
