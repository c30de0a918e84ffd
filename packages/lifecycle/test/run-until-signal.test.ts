import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";

const FIXTURE = fileURLToPath(new URL("fixtures/process-under-test.ts", import.meta.url));

const entrySchema = z.looseObject({ message: z.string(), part: z.string().optional() });
type Entry = z.infer<typeof entrySchema>;

/** Runs the sample process; `react` sees each log entry as it comes and may send signals. */
async function run(
  scenario: string,
  react: (entry: Entry, send: (signal: NodeJS.Signals) => void) => void = () => {},
) {
  const child = spawn(process.execPath, ["--conditions=source", FIXTURE, scenario], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close");
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const entries: Entry[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = entrySchema.parse(JSON.parse(line));
    entries.push(entry);
    react(entry, (signal) => child.kill(signal));
  }
  await closed;
  return { code: child.exitCode, entries, stderr, messages: entries.map(({ message }) => message) };
}

const partsStopped = (entries: readonly Entry[]) =>
  entries.filter(({ message }) => message === "stopping part").map(({ part }) => part);

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s stops the parts in reverse order and ends with 0",
  async (signal) => {
    const { code, entries, messages } = await run("plain", ({ message }, send) => {
      if (message === "sample has started") send(signal);
    });
    expect(code).toBe(0);
    expect(partsStopped(entries)).toEqual(["third", "second", "first"]);
    expect(entries).toContainEqual({
      reason: `received ${signal}`,
      drainMs: 60_000,
      message: "sample is stopping",
    });
    expect(messages.at(-1)).toBe("sample has stopped");
  },
);

test("a part that is not done in time is named in the log, has its last act, and the process ends with 1", async () => {
  const { code, entries, messages } = await run("stuck", ({ message }, send) => {
    if (message === "sample has started") send("SIGTERM");
  });
  expect(code).toBe(1);
  expect(messages).toContain("sample was not done in time and ends unfinished");
  expect(entries.find(({ waitingFor }) => waitingFor !== undefined)?.["waitingFor"]).toBe("second");
  expect(messages.at(-1)).toBe("last act");
  expect(partsStopped(entries)).toEqual(["third", "second"]);
});

test("a second signal ends the process at once, with the code shells expect", async () => {
  const { code, entries } = await run("told-twice", ({ message, part }, send) => {
    if (message === "sample has started") send("SIGTERM");
    if (message === "stopping part" && part === "second") send("SIGINT");
  });
  expect(code).toBe(130);
  expect(partsStopped(entries)).toEqual(["third", "second"]);
});

test.each([
  ["rejects", "floating"],
  ["throws", "thrown"],
])("an error that nobody caught (%s) is logged, drains and ends with 1", async (scenario, message) => {
  const { code, entries } = await run(scenario);
  expect(code).toBe(1);
  expect(entries.find(({ err }) => err !== undefined)?.["err"]).toBe(message);
  expect(partsStopped(entries)).toEqual(["third", "second", "first"]);
});

test("a part that fails to stop does not keep the others from stopping, and the process ends with 1", async () => {
  const { code, entries } = await run("breaks-while-stopping", ({ message }, send) => {
    if (message === "sample has started") send("SIGTERM");
  });
  expect(code).toBe(1);
  expect(partsStopped(entries)).toEqual(["third", "second", "first"]);
  expect(entries.find(({ err }) => err !== undefined)?.["err"]).toBe("would not close");
});

test("work that is done ends the process in good order with its own exit code", async () => {
  const { code, entries } = await run("ends");
  expect(code).toBe(3);
  expect(partsStopped(entries)).toEqual(["third", "second", "first"]);
});

test("a start that fails prints the reason and ends with 1", async () => {
  const { code, entries } = await run("fails-to-start");
  expect(code).toBe(1);
  expect(entries).toEqual([{ err: "no such bucket", message: "sample could not start" }]);
});

test("a start that is stopped half-way ends with 0", async () => {
  const { code, messages } = await run("slow-start", ({ message }, send) => {
    if (message === "waiting") send("SIGTERM");
  });
  expect(code).toBe(0);
  expect(messages.at(-1)).toBe("sample was stopped while it started");
});

test.each([
  ["bad-settings", "  KEY is not set; it must be"],
  ["bad-settings-in-start", "  DRAIN_MS must be"],
])("%s are listed on standard error, without values or a stack, and end with 1", async (scenario, line) => {
  const { code, stderr, entries } = await run(scenario);
  expect(code).toBe(1);
  expect(stderr).toContain(line);
  expect(stderr).not.toMatch(/canary|\bat /);
  expect(entries).toEqual([]);
});
