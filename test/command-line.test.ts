import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { findFreePort } from "@rushes/test-rig";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSystem, type RunningSystem } from "./running-system.ts";

let system: RunningSystem;
let folder: string;
beforeAll(async () => {
  system = await startSystem();
  await system.startWorker();
  folder = await mkdtemp(join(tmpdir(), "rushes-command-"));
});
afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true });
});

type Ran = { code: number | null; out: string; err: string };
async function rushes(words: string[], { input = "", url = system.api.url } = {}): Promise<Ran> {
  const child = spawn(process.execPath, ["--conditions=source", "apps/rushes/src/main.ts", ...words], {
    env: { PATH: process.env["PATH"] ?? "", RUSHES_URL: url },
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, out, err };
}

const line = (prompt: string): string =>
  `${JSON.stringify({ mode: "master-text-to-video", prompt, duration: 5 })}\n`;
const parsed = (out: string): Record<string, unknown>[] =>
  out
    .split("\n")
    .filter(Boolean)
    .map((one) => JSON.parse(one) as Record<string, unknown>);

describe("rushes order", () => {
  test(
    "--wait shows the way, says where the file is, and download stores it",
    { timeout: 90_000 },
    async () => {
      const ran = await rushes(["order", "--prompt", "a lighthouse", "--wait"]);
      const [, id = ""] = /^(vid_\w+) completed {2}s3:/.exec(ran.out) ?? [];
      expect([ran.code, id]).toEqual([0, expect.stringMatching(/^vid_/)]);
      expect(ran.err).toContain(`Ordered ${id}, $1.00.`);
      expect(ran.err).toContain("being generated");

      const path = join(folder, "film.mp4");
      expect(await rushes(["download", id, "--output", path])).toMatchObject({ code: 0, err: "" });
      expect((await readFile(path)).length).toBe((await system.get(id)).output[0]?.bytes);
      const link = await rushes(["download", id, "--url"]);
      expect((await fetch(link.out.trim())).status).toBe(200);
      expect(await rushes(["cancel", id])).toMatchObject({ code: 1, out: "" });
    },
  );

  test("prints the id alone, once per key, and the rest beside it", { timeout: 60_000 }, async () => {
    const words = ["order", "--prompt", "a ship", "--delay", "3600", "--idempotency-key", "ship-1"];
    const first = await rushes(words);
    expect([first.code, first.out]).toEqual([0, expect.stringMatching(/^vid_\w{26}\n$/)]);
    expect((await rushes(words)).out).toBe(first.out);
    const id = first.out.trim();
    expect((await rushes(["list", "--status", "queued"])).out).toMatch(
      new RegExp(`^VIDEO .*PROMPT\\n${id}  [^\\n]+a ship\\n$`),
    );
    expect(await rushes(["cancel", id])).toMatchObject({ code: 0, out: `${id} is cancelled.\n` });
    expect((await rushes(["watch", id])).code).toBe(1);
  });

  test("takes many from standard input, and ends badly when one fails", { timeout: 60_000 }, async () => {
    const input = line("one") + line("two [[fail:SensitiveContent]]") + line("three");
    const ran = await rushes(["order", "--input-file", "-", "--wait", "--json"], { input });
    expect(ran.code).toBe(1);
    const ended = parsed(ran.out).map(({ status, prompt }) => [prompt, status]);
    expect(new Map(ended as [string, string][])).toEqual(
      new Map([
        ["one", "completed"],
        ["two [[fail:SensitiveContent]]", "failed"],
        ["three", "completed"],
      ]),
    );
    expect(ran.err).toContain("Ordered 3 videos, $3.00.");
  });

  test("--dry-run says the price and orders nothing", { timeout: 60_000 }, async () => {
    const before = system.sandbox.bill().charges.length;
    const one = await rushes([
      "order",
      "--prompt",
      "x",
      "--image",
      "https://images.example/a.jpg",
      "--dry-run",
    ]);
    expect([one.code, one.out]).toEqual([0, expect.stringMatching(/^\$0\.20, \d+ ahead, /)]);
    const path = join(folder, "orders.ndjson");
    await writeFile(path, line("one") + line("two"));
    const many = await rushes(["order", "--input-file", path, "--dry-run", "--json"]);
    expect(parsed(many.out).map((estimate) => estimate["estimate_usd"])).toEqual([1, 1]);
    expect(many.err).toContain("Nothing was ordered. All 2 would cost $2.00.");
    expect(system.sandbox.bill().charges).toHaveLength(before);
  });

  test("names the flag, the line and the fix", { timeout: 60_000 }, async () => {
    const wrong = await rushes(["order", "--prompt", " ", "--duration", "7"]);
    expect([wrong.code, wrong.out]).toEqual([2, ""]);
    expect(wrong.err).toContain("--prompt: prompt must not be empty");
    expect(wrong.err).toContain("--duration: duration must be the integer 5 or 10");
    const inFile = await rushes(["order", "--input-file", "-"], { input: line("good") + line("") });
    expect([inFile.code, inFile.err]).toEqual([2, expect.stringContaining("order 2, input.prompt: ")]);
    expect(await rushes(["watch", `vid_${"0".repeat(26)}`])).toMatchObject({
      code: 1,
      err: expect.stringContaining("rushes list shows"),
    });
  });

  test("an api that is not there leaves it open, and tells how to go on", { timeout: 60_000 }, async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`;
    const ran = await rushes(["order", "--prompt", "x", "--idempotency-key", "gone-1"], { url });
    expect([ran.code, ran.out]).toEqual([3, ""]);
    expect(ran.err).toContain("RUSHES_URL");
    expect(ran.err).toContain("--idempotency-key gone-1");
  });
});
