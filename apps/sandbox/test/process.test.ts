import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, expect, test } from "vitest";
import { startSandbox } from "../src/index.ts";
import { createClient, fileUrl, item, until } from "./client.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sandbox-"));
const children: ChildProcessByStdio<null, Readable, Readable>[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill("SIGKILL")));
afterAll(() => rmSync(folder, { recursive: true }));

function start(environment: Record<string, string>) {
  const env = { PATH: process.env["PATH"], PORT: "0", SANDBOX_FILE_PORT: "0", ...environment };
  const child = spawn(process.execPath, ["--conditions=source", main], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  return child;
}

/** The first line of the log that has this message. */
async function logged(child: { stdout: Readable }, message: string): Promise<Record<string, unknown>> {
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as Record<string, unknown>;
    if (line["message"] === message) return line;
  }
  throw new Error(`the process ended without saying: ${message}`);
}

test("the process says where it listens, at which speed and from which seed, and ends by SIGTERM", async () => {
  const child = start({ SANDBOX_SPEED: "250", SANDBOX_SEED: "7", SANDBOX_KEYS: "one, two" });
  const { url, speed, seed } = await logged(child, "sandbox listens");
  expect([speed, seed]).toEqual([250, "7"]);
  const balance = (key: string) =>
    fetch(`${String(url)}/apikeys/current-balance`, { headers: { authorization: `Bearer ${key}` } });
  expect([(await balance("two")).status, (await balance("three")).status]).toEqual([200, 401]);
  const hanging = fetch(`${String(url)}/generateTask/kling-2-1`, {
    method: "POST",
    headers: { authorization: "Bearer one", "content-type": "application/json" },
    body: JSON.stringify({ input: { mode: "master-text-to-video", prompt: "[[submit:hang]]", duration: 5 } }),
  }).catch(() => "dropped");
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(await hanging).toBe("dropped");
});

test("wrong variables are all named at once, without their values, and the process ends with 1", async () => {
  const child = start({ SANDBOX_SPEED: "-3", SANDBOX_CHARGE_AT: "yesterday", PORT: "70000" });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  const [code] = (await once(child, "close")) as [number];
  expect(code).toBe(1);
  for (const name of ["SANDBOX_SPEED", "SANDBOX_CHARGE_AT", "PORT"]) expect(text).toContain(name);
  expect(text).not.toContain("yesterday");
});

test("with a state file a new start knows the tasks and the bill, and unfinished tasks go on", async () => {
  const stateFile = join(folder, "new", "state.jsonl");
  const before = await startSandbox({ stateFile, speed: 10_000 });
  const client = createClient(before);
  const ended = await client.order({ prompt: "[[fail:NSFW]]" });
  await client.ended(ended);
  const good = await client.order();
  const file = Buffer.from(await (await fetch(await fileUrl(client, good))).arrayBuffer());
  const unfinished = await client.order({ prompt: "[[task:slow:5000000]]" });
  const [bill, tasks] = [before.bill(), before.tasks()];
  await before.stop();

  // The process may have died while it wrote.
  writeFileSync(stateFile, `${readFileSync(stateFile, "utf8")}{"taskId":"task_to`);
  const after = await startSandbox({ stateFile, speed: 10_000 });
  const again = createClient(after);
  expect(after.bill()).toEqual(bill);
  expect(after.tasks().slice(0, 2)).toEqual(tasks.slice(0, 2));
  expect((await again.status(ended)).json.data).toMatchObject({ state: "failed", failCode: "NSFW" });
  const url = await fileUrl(again, good);
  expect(url.startsWith(after.fileOrigin)).toBe(true);
  expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(file)).toBe(true);
  expect((await again.ended(unfinished)).state).toBe("success");
  await again.order();
  await after.stop();

  const third = await startSandbox({ stateFile });
  expect(third.tasks()).toHaveLength(4);
  third.reset();
  await third.stop();
  expect(readFileSync(stateFile, "utf8")).toBe("");
});

test("tasks that should have ended while the sandbox was away end at the next start", async () => {
  const stateFile = join(folder, "away.jsonl");
  const before = await startSandbox({ stateFile, speed: 10_000 });
  const taskId = await createClient(before).order({ prompt: "[[task:slow:1000000]]" });
  const dueTime = Number(item(before.tasks(), 0).dueTime);
  await before.stop();
  await until(() => Date.now() > dueTime || undefined);
  const after = await startSandbox({ stateFile, speed: 1 });
  expect((await createClient(after).ended(taskId)).state).toBe("success");
  await after.stop();
});
