import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { confirm } from "./confirm.ts";

function terminal(typed: string, { isTTY = true, hangsUp = false } = {}) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY });
  if (typed !== "") input.write(typed);
  if (hangsUp) input.end();
  return { input, output };
}

describe("confirm", () => {
  test.each(["y\n", "Y\n", "yes\n", " YES \n"])("takes %j for a yes", async (typed) => {
    const { input, output } = terminal(typed);
    expect(await confirm("Pay $1.00?", { input, output })).toBe(true);
    output.end();
    expect(await text(output)).toContain("Pay $1.00? [y/N]");
  });

  test.each(["\n", "n\n", "no\n", "yess\n", "yes please\n", "0\n"])("takes %j for a no", async (typed) => {
    expect(await confirm("Pay?", terminal(typed))).toBe(false);
  });

  test("takes leaving for a no", async () => {
    expect(await confirm("Pay?", terminal("", { hangsUp: true }))).toBe(false);
  });

  test("asks nothing where nobody sits", async () => {
    const { input, output } = terminal("", { isTTY: false });
    expect(await confirm("Pay?", { input, output })).toBe(true);
    output.end();
    expect(await text(output)).toBe("");
  });
});
