import { expect, test } from "vitest";
import type { z } from "zod";
import { commaList } from "./comma-list.ts";
import { dollarAmount, durationMs, flag, port, positiveInteger, secretText } from "./settings.ts";
import { httpUrl, isLoopbackHost, publicUrl } from "./web-address.ts";

/** What a setting makes of each text; `refused` for a problem. */
function made(setting: z.ZodType, texts: readonly string[]): unknown[] {
  return texts.map((text) => {
    const parsed = setting.safeParse(text);
    return parsed.success ? parsed.data : "refused";
  });
}

function refusals(setting: z.ZodType, texts: readonly string[]): void {
  expect(made(setting, texts)).toEqual(texts.map(() => "refused"));
}

test("dollars become whole micro-dollars, to the last one", () => {
  expect(made(dollarAmount(), ["25", "12.5", "0", "0.000001", "123456789.123456"])).toEqual([
    25_000_000, 12_500_000, 0, 1, 123_456_789_123_456,
  ]);
  refusals(dollarAmount(), ["-1", "1.0000001", "1e3", "$5", "1,5", ".5", "NaN", "1234567890"]);
});

test("a duration is any positive number of milliseconds, whole or decimal", () => {
  expect(made(durationMs(), ["1", "60000", "0.25", "1296000000"])).toEqual([1, 60_000, 0.25, 1_296_000_000]);
  refusals(durationMs(), [
    "0",
    "0.0",
    "-1",
    "1s",
    "1e3",
    "NaN",
    "Infinity",
    "0x10",
    "1,5",
    " 5",
    "9".repeat(400),
  ]);
});

test("a flag is exactly true or false", () => {
  expect(made(flag(), ["true", "false"])).toEqual([true, false]);
  refusals(flag(), ["True", "1", "0", "yes", "no", "on", "true "]);
  expect(flag(true).parse(undefined)).toBe(true);
  expect(flag(false).parse(undefined)).toBe(false);
});

test("a positive integer starts at one and stays exact", () => {
  expect(made(positiveInteger(), ["1", "9007199254740991"])).toEqual([1, 9_007_199_254_740_991]);
  refusals(positiveInteger(), ["0", "1.5", "-2", "9007199254740992", "abc"]);
});

test("a port may be 0 for any free one", () => {
  expect(made(port(), ["0", "8080", "65535"])).toEqual([0, 8080, 65_535]);
  refusals(port(), ["65536", "-1", "80a"]);
});

test("a comma list parses each entry and refuses empty ones", () => {
  expect(commaList(durationMs()).parse("5000, 300000 ,0.5")).toEqual([5000, 300_000, 0.5]);
  refusals(commaList(durationMs()), ["5000,", ",", "5000,,1", "5000,soon"]);
});

test("a secret text is wrapped, and refused with white space around it", () => {
  expect(secretText().parse("k 1").reveal()).toBe("k 1");
  refusals(secretText(), ["k1\n", " k1"]);
});

test("a web address loses its last slash and must be bare", () => {
  expect(made(httpUrl(), ["https://api.example.org/api/v1/", "http://127.0.0.1:8080"])).toEqual([
    "https://api.example.org/api/v1",
    "http://127.0.0.1:8080",
  ]);
  refusals(httpUrl(), [
    "api.example.org",
    "ftp://example.org",
    "https://user:pw@example.org",
    "https://example.org/?a=1",
    "https://example.org/#",
    "https://",
  ]);
});

test("a public address is https, or http on a loopback host", () => {
  expect(made(publicUrl(), ["https://example.org", "http://localhost:8080/", "http://[::1]:1"])).toEqual([
    "https://example.org",
    "http://localhost:8080",
    "http://[::1]:1",
  ]);
  refusals(publicUrl(), ["http://example.org", "http://127.0.0.1.example.org"]);
});

test("loopback hosts are told from hosts that only look like them", () => {
  for (const host of ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"]) {
    expect([host, isLoopbackHost(host)]).toEqual([host, true]);
  }
  for (const host of [
    "0.0.0.0",
    "::",
    "127.0.0.1.nip.io",
    "localhost.example.org",
    "128.0.0.1",
    "10.0.0.1",
    "",
  ]) {
    expect([host, isLoopbackHost(host)]).toEqual([host, false]);
  }
});
