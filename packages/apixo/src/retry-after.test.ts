import { describe, expect, it } from "vitest";
import { parseRetryAfterMs } from "./retry-after.ts";

const nowMs = Date.parse("Sun, 06 Nov 1994 08:49:37 GMT");

describe("parseRetryAfterMs", () => {
  it.each([
    ["0", 0],
    [" 7 ", 7000],
    ["1.5", 1500],
    ["Sun, 06 Nov 1994 08:49:40 GMT", 3000],
    ["Sun, 06 Nov 1994 08:00:00 GMT", 0],
  ])("reads %j as %d ms", (value, expected) => {
    expect(parseRetryAfterMs(value, { nowMs })).toBe(expected);
  });

  it.each([
    undefined,
    "",
    "soon",
    "-5",
    "1e9",
    "12345678901",
    "1994-11-06T08:49:40Z",
    "Sun, 99 Foo 1994 08:49:40 GMT",
  ])("makes nothing of %j", (value) => {
    expect(parseRetryAfterMs(value, { nowMs })).toBeUndefined();
  });

  it("measures a date against the other side's own clock when the answer shows it", () => {
    const date = "Sun, 06 Nov 1994 12:00:00 GMT";
    expect(parseRetryAfterMs("Sun, 06 Nov 1994 12:00:30 GMT", { date, nowMs })).toBe(30_000);
  });
});
