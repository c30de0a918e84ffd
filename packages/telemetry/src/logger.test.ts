import { expect, test } from "vitest";
import { createLogger, type LoggerOptions } from "./logger.ts";

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const logger = createLogger({
    name: "worker",
    level: "info",
    destination: { write: (line) => void lines.push(line) },
    ...options,
  });
  const entries = () => lines.map((line): unknown => JSON.parse(line));
  return { logger, lines, entries };
}

test("an entry is one line of JSON with level in words, ISO time, process and message", () => {
  const { logger, lines, entries } = capture();
  logger.child({ stage: "poll" }).info({ video: "vid_1", note: "two\nlines" }, "advanced after %d s", 3);
  logger.debug("not at this level");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^[^\n]+\n$/);
  expect(entries()[0]).toEqual({
    level: "info",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    name: "worker",
    pid: process.pid,
    hostname: expect.any(String),
    stage: "poll",
    video: "vid_1",
    note: "two\nlines",
    msg: "advanced after 3 s",
  });
});

test("an error is described under any name, with its cause, and gives the message where none is given", () => {
  const { logger, entries } = capture();
  const error = Object.assign(new Error("outer", { cause: new Error("inner") }), {
    kind: "throttled",
    extra: 1,
  });
  logger.error(error);
  logger.warn({ reason: error }, "again");
  expect(entries()).toMatchObject([
    {
      msg: "outer",
      err: { name: "Error", message: "outer", kind: "throttled", cause: { message: "inner" } },
    },
    { msg: "again", reason: { message: "outer", cause: { message: "inner" } } },
  ]);
  expect(JSON.stringify(entries())).not.toContain("extra");
});

test("secrets may become known after the logger was made", () => {
  const known: string[] = [];
  const { logger, lines } = capture({ secrets: () => known });
  known.push("canary-late");
  logger.info("it is canary-late");
  expect(lines.join("")).not.toContain("canary");
});

test("an entry of absurd size is replaced by a note of it", () => {
  const { logger, entries } = capture();
  logger.info({ body: "x".repeat(1_100_000) }, "fetched");
  expect(entries()).toEqual([
    {
      level: "error",
      time: expect.any(String),
      msg: expect.stringMatching(/entry of 11\d{5} characters was left out/),
    },
  ]);
});

test("values that JSON cannot hold do not stop the logger", () => {
  const { logger, entries } = capture();
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  logger.info({ circular, big: 10n, no: undefined, call: () => {} }, "odd");
  logger.info({ toJSON: () => ({ fine: true }) }, "own");
  expect(entries()).toMatchObject([{ msg: "odd" }, { msg: "own" }]);
});
