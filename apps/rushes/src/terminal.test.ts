import { expect, test } from "vitest";
import { openTerminal } from "./terminal.ts";

function hear(isTTY: boolean, columns?: number) {
  let written = "";
  const write = (text: string) => (written += text);
  const stdout = columns === undefined ? { isTTY, write } : { isTTY, columns, write };
  return { terminal: openTerminal({ stdout }), written: () => written };
}

const CLEAR = "\r\u001B[2K";

test("on a terminal the line at the bottom is redrawn and never wraps", () => {
  const { terminal, written } = hear(true, 10);
  terminal.progress("one", "plain");
  terminal.progress("0123456789", "plain");
  expect(written()).toBe(`${CLEAR}one${CLEAR}012345678`);
});

test("what is said goes above the line at the bottom", () => {
  const { terminal, written } = hear(true);
  terminal.progress("half", "plain");
  terminal.say("news");
  terminal.endProgress();
  terminal.say("done");
  expect(written()).toBe(`${CLEAR}half${CLEAR}news\n${CLEAR}half${CLEAR}done\n`);
});

test("in a file each plain line is written once, without control characters", () => {
  const { terminal, written } = hear(false);
  terminal.progress("bar 1", "queued");
  terminal.progress("bar 2", "queued");
  terminal.progress("bar 3", "generating");
  terminal.say("news");
  terminal.endProgress();
  expect(written()).toBe("queued\ngenerating\nnews\n");
});
