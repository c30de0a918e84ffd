import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, expect, test } from "vitest";
import { announceCalls, CALLS_CHANNEL } from "./announce-calls.ts";

const port = {
  name: "a port",
  double: async (value: number) => value * 2,
  refuse: async () => {
    throw new Error("no");
  },
  now: () => 7,
};

let heard: unknown[] = [];
const hear = (message: unknown): void => void heard.push(message);
afterEach(() => {
  unsubscribe(CALLS_CHANNEL, hear);
  heard = [];
});

test("without anybody who listens, the port itself is returned", () => {
  expect(announceCalls("ledger", port)).toBe(port);
});

test("each call is told when it begins and when it has ended, and answers what it would have answered", async () => {
  subscribe(CALLS_CHANNEL, hear);
  const watched = announceCalls("ledger", port);
  expect(watched.name).toBe("a port");
  expect(watched.now()).toBe(7);
  heard = [];
  expect(await watched.double(3)).toBe(6);
  expect(heard).toMatchObject([
    { part: "ledger", call: "double", moment: "begins", args: [3] },
    { part: "ledger", call: "double", moment: "ended", args: [3], result: 6 },
  ]);
});

test("a call that fails is told as failed, and fails all the same", async () => {
  subscribe(CALLS_CHANNEL, hear);
  await expect(announceCalls("provider", port).refuse()).rejects.toThrow("no");
  expect(heard).toMatchObject([{ moment: "begins" }, { moment: "failed" }]);
});

test("a copy of the port's members is told of too", async () => {
  subscribe(CALLS_CHANNEL, hear);
  const copy = { ...announceCalls("ledger", port) };
  await copy.double(1);
  expect(heard).toHaveLength(2);
});
