import { expect, test } from "vitest";
import { openScreen } from "./screen.ts";

function host(columns?: number, rows?: number) {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  const size = columns === undefined || rows === undefined ? {} : { columns, rows };
  return { ...size, write, written };
}

test("each picture is drawn over the one before, in the size of the terminal", () => {
  const stdout = host(5, 3);
  const screen = openScreen(stdout);
  screen.draw(["1234567", "b", "c"]);
  screen.draw(["x"]);
  expect(stdout.written.slice(1)).toEqual([
    "\u001B[H12345\u001B[K\r\nb\u001B[K\r\n\u001B[J",
    "\u001B[Hx\u001B[K\r\n\u001B[J",
  ]);
});

test("in the end the terminal is as it was, with the whole last picture below", () => {
  const stdout = host(5, 2);
  const screen = openScreen(stdout);
  screen.draw(["1234567", "b"]);
  screen.close();
  expect(stdout.written[0]).toBe("\u001B[?1049h\u001B[?25l");
  expect(stdout.written.slice(2).join("")).toBe("\u001B[?25h\u001B[?1049l1234567\nb\n");
});

test("a terminal that does not tell its size is of the usual one", () => {
  const stdout = host();
  openScreen(stdout).draw(Array.from({ length: 30 }, () => "x".repeat(100)));
  const lines = String(stdout.written[1]).split("\r\n");
  expect(lines.length - 1).toBe(23);
  expect(lines[1]).toBe(`${"x".repeat(80)}\u001B[K`);
});
