import { EventEmitter, once } from "node:events";
import { expect, test } from "vitest";
import { runUntilSignal, type ProcessLike, type RunOptions } from "./run-until-signal.ts";

/** A process that notes its exit codes instead of ending. */
function fakeProcess() {
  const exits: number[] = [];
  const process = Object.assign(new EventEmitter(), {
    exit(code: number) {
      exits.push(code);
      process.emit("gone");
    },
    stderr: { write: () => true },
  });
  return { process, exits };
}

const ignore = () => {};

function options(process: ProcessLike, more: Partial<RunOptions> = {}): RunOptions {
  return {
    name: "sample",
    logger: { info: ignore, warn: ignore, error: ignore },
    drainMs: 60_000,
    start: async () => [],
    process,
    ...more,
  };
}

/** Resolves once the process runs; the part it holds never stops. */
function startStuck(process: ProcessLike, more: Partial<RunOptions> = {}) {
  const running = Promise.withResolvers<void>();
  void runUntilSignal(
    options(process, {
      ...more,
      async start() {
        setImmediate(running.resolve);
        return [{ name: "stuck", stop: () => new Promise(() => {}) }];
      },
    }),
  );
  return running.promise;
}

test("one press of Ctrl-C that arrives twice counts once", async () => {
  const { process, exits } = fakeProcess();
  await startStuck(process, { drainMs: 20, signalEchoMs: 60_000 });
  const gone = once(process, "gone");
  process.emit("SIGINT", "SIGINT");
  process.emit("SIGINT", "SIGINT");
  await gone;
  // Not 130, which the second signal would have made of it: the deadline ended this one.
  expect(exits).toEqual([1]);
});

test("a second signal beyond the echo ends at once", async () => {
  const { process, exits } = fakeProcess();
  await startStuck(process, { signalEchoMs: 0 });
  process.emit("SIGTERM", "SIGTERM");
  await new Promise(setImmediate);
  process.emit("SIGTERM", "SIGTERM");
  expect(exits).toEqual([143]);
});

test("an exit leaves no listener behind and happens once", async () => {
  const { process, exits } = fakeProcess();
  const gone = once(process, "gone");
  const ran = runUntilSignal(
    options(process, { start: async (_stopping, end) => (end("done"), end("again", 2), []) }),
  );
  await gone;
  await ran;
  expect(exits).toEqual([2]);
  expect(
    ["SIGTERM", "SIGINT", "uncaughtException", "unhandledRejection"].map((e) => process.listenerCount(e)),
  ).toEqual([0, 0, 0, 0]);
});

test("a start that throws before its first await is a failed start", async () => {
  const { process, exits } = fakeProcess();
  await runUntilSignal(
    options(process, {
      start: () => {
        throw new Error("at once");
      },
    }),
  );
  expect(exits).toEqual([1]);
});

test("parts that a start hands over after the signal are stopped all the same", async () => {
  const { process, exits } = fakeProcess();
  const stopped: string[] = [];
  await runUntilSignal(
    options(process, {
      async start() {
        process.emit("SIGTERM", "SIGTERM");
        return [{ name: "late", stop: async () => void stopped.push("late") }];
      },
    }),
  );
  expect([stopped, exits]).toEqual([["late"], [0]]);
});

test("a longer drain than a timer can count does not end at once", async () => {
  const { process, exits } = fakeProcess();
  await startStuck(process, { drainMs: 1e12, signalEchoMs: 0 });
  process.emit("SIGTERM", "SIGTERM");
  // Node runs a timer that is too long after one millisecond, and equal timers in the order they were set.
  await new Promise((resolve) => setTimeout(resolve, 1));
  expect(exits).toEqual([]);
  process.emit("SIGTERM", "SIGTERM");
  expect(exits).toEqual([143]);
});
