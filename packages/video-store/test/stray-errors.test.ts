import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("failing-copies.ts", import.meta.url));

async function run(...options: string[]) {
  const child = spawn(process.execPath, ["--conditions=source", program, ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { stdout, stderr, code: code as number | null };
}

describe("errors of sockets and bodies", () => {
  it("never reach the process, however many copies fail at once, and it ends by itself", async () => {
    const { stdout, stderr, code } = await run();
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    const ends = JSON.parse(stdout) as Record<string, number>;
    expect(Object.keys(ends).toSorted()).toEqual([
      "archive_interrupted",
      "bucket_misconfigured",
      "bucket_unavailable",
      "result_damaged",
      "stored",
    ]);
  });

  it("would be seen here if one did", async () => {
    const { stderr, code } = await run("control");
    expect(code).not.toBe(0);
    expect(stderr).toContain("nobody listens");
  });
});
