import { expect, test } from "vitest";

import { exitCodeOf, lastLines, runQuietly } from "./run-command.mjs";

test("a command's output is kept, and its input is closed", async () => {
  const script = 'echo one; echo two >&2; read line || echo "no input"; exit 3';
  const { code, output } = await runQuietly("sh", ["-c", script]);
  expect(code).toBe(3);
  expect(output.split("\n").toSorted()).toEqual(["", "no input", "one", "two"]);
});

test("a command that does not exist is an answer, not an exception", async () => {
  expect(await runQuietly("no-such-command-here", [])).toMatchObject({ code: 127 });
});

test("a command that a signal ended answers as a shell would", async () => {
  expect(await runQuietly("sh", ["-c", "kill -TERM $$"])).toMatchObject({ code: 143 });
  expect(exitCodeOf("SIGINT")).toBe(130);
});

test("what is shown of a failure names no server", () => {
  const output = [
    "GET https://packages.example.org/@x%2Fy: Not Found - 404",
    "Could not resolve 'mirror.example.net'",
    "connect ECONNREFUSED 10.1.2.3:8080",
    "\u001B[31mfailed\u001B[0m with pnpm 12.21.0 in scripts/start.mjs",
  ].join("\n");
  const shown = lastLines(output);
  expect(shown).not.toMatch(/example|10\.1/);
  expect(shown).not.toContain("\u001B");
  expect(shown).toContain("Not Found - 404");
  expect(shown).toContain("  failed with pnpm 12.21.0 in scripts/start.mjs");
});

test("only the last lines of a failure are shown", () => {
  expect(lastLines("1\n2\n\n3\n", 2)).toBe("  2\n  3");
});
