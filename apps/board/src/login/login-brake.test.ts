import { expect, test } from "vitest";
import { createLoginBrake, FREE_TRIES } from "./login-brake.ts";

const MINUTE_MS = 60_000;

function brakeAt(startMs: number) {
  const clock = { nowMs: startMs };
  return { clock, brake: createLoginBrake(() => clock.nowMs) };
}

function useFreeTries(brake: ReturnType<typeof createLoginBrake>, address: string): void {
  for (let i = 0; i < FREE_TRIES; i += 1) expect(brake.tryIn(address)).toBe(0);
}

test("the first tries go on at once, and then each waits twice as long, up to a quarter of an hour", () => {
  const { clock, brake } = brakeAt(0);
  useFreeTries(brake, "192.0.2.1");

  const waits: number[] = [];
  for (let i = 0; i < 13; i += 1) {
    const waitMs = brake.tryIn("192.0.2.1");
    waits.push(waitMs / 1000);
    clock.nowMs += waitMs;
    expect(brake.tryIn("192.0.2.1")).toBe(0);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
});

test("a try that came too early changes nothing", () => {
  const { clock, brake } = brakeAt(0);
  useFreeTries(brake, "192.0.2.1");
  clock.nowMs = 400;

  expect(brake.tryIn("192.0.2.1")).toBe(600);
  expect(brake.tryIn("192.0.2.1")).toBe(600);
});

test("a right password and an hour of quiet both start afresh", () => {
  const { clock, brake } = brakeAt(0);
  useFreeTries(brake, "192.0.2.1");
  brake.release("192.0.2.1");
  useFreeTries(brake, "192.0.2.1");
  clock.nowMs += 60 * MINUTE_MS;
  useFreeTries(brake, "192.0.2.1");

  expect(brake.tryIn("192.0.2.1")).toBeGreaterThan(0);
});

test("other addresses are not slowed down", () => {
  const { brake } = brakeAt(0);
  useFreeTries(brake, "192.0.2.1");

  expect(brake.tryIn("192.0.2.2")).toBe(0);
});

test("all addresses of one IPv6 network count as one, and those of another do not", () => {
  const { brake } = brakeAt(0);
  useFreeTries(brake, "2001:db8:0:1::1");

  expect(brake.tryIn("2001:db8:0:1:ffff::2")).toBeGreaterThan(0);
  expect(brake.tryIn("2001:db8::1:0:0:0:3")).toBeGreaterThan(0);
  expect(brake.tryIn("2001:db8:0:2::1")).toBe(0);
});

test("IPv4 addresses written as IPv6 stay apart", () => {
  const { brake } = brakeAt(0);
  useFreeTries(brake, "::ffff:192.0.2.1");

  expect(brake.tryIn("::ffff:192.0.2.1")).toBeGreaterThan(0);
  expect(brake.tryIn("::ffff:192.0.2.2")).toBe(0);
});

test("with very many addresses the quietest is forgotten, not the latest", () => {
  const { brake } = brakeAt(0);
  useFreeTries(brake, "192.0.2.1");
  useFreeTries(brake, "192.0.2.2");
  brake.release("192.0.2.2");
  for (let i = 0; i < 10_000; i += 1) brake.tryIn(`quiet-${i}`);
  useFreeTries(brake, "192.0.2.2");

  expect(brake.tryIn("192.0.2.1")).toBe(0);
  expect(brake.tryIn("192.0.2.2")).toBeGreaterThan(0);
});
