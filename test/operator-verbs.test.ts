import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { untilTrue } from "@rushes/test-rig";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startSystem, type RunningSystem, type WorkerProcess } from "./running-system.ts";

const CALLBACK_SECRET = "a-secret-of-this-test";

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem({ sandbox: { callbackTimeoutMs: 400_000 }, api: { CALLBACK_SECRET } });
});
afterAll(() => system.stop());
afterEach(() => system.killWorkers());

/** Places enough for what earlier tests have left in doubt. Without `PUBLIC_URL` no callback brings an answer back. */
const startWorker = (extra: Record<string, string> = {}): Promise<WorkerProcess> =>
  system.startWorker({ LIMIT_CONCURRENCY: "50", ...extra });

let prompts = 0;
/** No other test's prompt: bill and tasks are found by it. */
const lost = (faults = "[[submit:reset-after-accept]]"): string => {
  prompts += 1;
  return `lake ${prompts} ${faults}`;
};

const press = (id: string, verb: string, body: object = {}): Promise<Response> =>
  fetch(`${system.api.url}/v1/videos/${id}/${verb}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const chargesFor = (prompt: string): number =>
  system.sandbox.bill().charges.filter((charge) => charge.prompt === prompt).length;
const tasksFor = (prompt: string): string[] =>
  system.sandbox
    .tasks()
    .filter((task) => task.prompt === prompt)
    .map(({ taskId }) => taskId);

async function orderLost(prompt: string, extra: object = {}): Promise<string> {
  const { id } = await system.order({ prompt }, extra);
  await untilPhase(id, "unconfirmed");
  return id;
}

async function untilPhase(id: string, phase: string): Promise<void> {
  await untilTrue(async () => {
    const video = await system.get(id);
    return video.phase === phase || video.phase;
  });
}

type Ran = { exitCode: number; stdout: string; stderr: string };

/** The command line, as a process of its own and without a terminal. */
async function rushes(...words: string[]): Promise<Ran> {
  const child = spawn(process.execPath, ["--conditions=source", "apps/rushes/src/main.ts", ...words], {
    env: { PATH: process.env["PATH"] ?? "", RUSHES_URL: system.api.url, REDIS_URL: system.redis.url },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number]>,
  ]);
  return { exitCode, stdout, stderr };
}

async function rowsOf(id: string): Promise<Record<string, unknown>[]> {
  const { stdout } = await rushes("ledger", "export");
  const rows = stdout.split("\n").filter(Boolean);
  return rows.map((row) => JSON.parse(row) as Record<string, unknown>).filter(({ video }) => video === id);
}

type Audit = { data: { by: string; verb: string; video_id: string }[] };
async function auditOf(id: string): Promise<string[]> {
  const { data } = (await (await fetch(`${system.api.url}/v1/audit`)).json()) as Audit;
  return data.filter(({ video_id }) => video_id === id).map(({ by, verb }) => `${by} ${verb}`);
}

describe("adopt", () => {
  test("of the right task finishes the video with one charge", { timeout: 120_000 }, async () => {
    await startWorker();
    const prompt = lost();
    const id = await orderLost(prompt);
    const [taskId = ""] = tasksFor(prompt);
    const answer = await press(id, "adopt", { task_id: taskId });
    expect(answer.status).toBe(202);
    const video = await system.untilEnded(id);
    expect(video).toMatchObject({
      charges: 1,
      cost: { reserved_usd: 0, billed_usd: 1 },
      provider: { task_id: taskId },
      adoption: null,
    });
    expect(chargesFor(prompt)).toBe(1);
    expect(await rowsOf(id)).toMatchObject([{ outcome: "adopted", task_id: taskId, billed: "billed" }]);
    expect(await auditOf(id)).toEqual(["anonymous adopt"]);
  });

  test(
    "of a task that the provider does not know leaves the video as it is, and says so",
    { timeout: 120_000 },
    async () => {
      await startWorker();
      const prompt = lost();
      const id = await orderLost(prompt);
      const { exitCode, stdout } = await rushes("adopt", id, "no-such-task");
      expect(exitCode).toBe(1);
      expect(stdout).toContain(`the provider does not know this task. ${id} is unconfirmed`);
      expect(await system.get(id)).toMatchObject({
        phase: "unconfirmed",
        adoption: { task_id: "no-such-task", state: "refused" },
      });
      const events = await system.inspect.lrange(`{rushes}:history:${id}`, 0, -1);
      expect(events.map((event) => (JSON.parse(event) as string[]).join(" ")).join("\n")).toContain(
        "adoption_refused task no-such-task",
      );
      // The right one is taken after that all the same.
      const adopted = await rushes("adopt", id, tasksFor(prompt)[0] ?? "");
      expect([adopted.exitCode, adopted.stdout]).toEqual([0, expect.stringContaining("Adopted.")]);
      await system.untilEnded(id);
      expect(chargesFor(prompt)).toBe(1);
    },
  );

  test("of another video's task is refused", { timeout: 120_000 }, async () => {
    await startWorker();
    const other = await system.order();
    await untilTrue(async () => (await system.get(other.id)).provider.task_id !== null);
    const { provider } = await system.get(other.id);
    const id = await orderLost(lost());
    const answer = await press(id, "adopt", { task_id: provider.task_id });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
      409,
      "task_elsewhere",
    ]);
    const again = await rushes("adopt", id, provider.task_id ?? "");
    expect([again.exitCode, again.stdout]).toEqual([1, ""]);
    expect(again.stderr).toContain("This task is another video's");
  });
});

describe("release", () => {
  test(
    "charges once more, and the first task, which its callback brings late, is an extra watched to its end",
    { timeout: 120_000 },
    async () => {
      await startWorker({ PUBLIC_URL: system.api.url, CALLBACK_SECRET });
      // Only the first answer is lost; no callback comes but the one that this test sends.
      const prompt = lost("[[submit:reset-after-accept:1]] [[callback:drop]] [[task:slow:200000]]");
      const id = await orderLost(prompt);
      const used = await rushes("release", id);
      expect([used.exitCode, used.stderr]).toEqual([1, expect.stringContaining("max_charges 2")]);
      const released = await rushes("release", id, "--max-charges", "2");
      expect([released.exitCode, released.stdout]).toEqual([0, expect.stringContaining("once more, $1.00")]);
      const again = await rushes("release", id, "--max-charges", "2");
      expect(again.exitCode).toBe(1);
      await untilTrue(async () => (await system.get(id)).provider.task_id !== null);

      const [firstTask, secondTask] = tasksFor(prompt);
      const first = system.sandbox.tasks().find(({ taskId }) => taskId === firstTask);
      const callback = await fetch(first?.callbackUrl ?? "", {
        method: "POST",
        body: JSON.stringify({
          code: 200,
          message: "success",
          data: { taskId: firstTask, state: "success" },
        }),
      });
      expect(callback.status).toBe(200);

      const video = await system.untilEnded(id);
      expect(video).toMatchObject({ charges: 2, provider: { task_id: secondTask } });
      expect(chargesFor(prompt)).toBe(2);
      await untilTrue(async () => (await system.inspect.hget(`{rushes}:video:${id}`, "1.ended")) !== null);
      expect(await rowsOf(id)).toMatchObject([
        { attempt: 1, outcome: "extra", task_id: firstTask, billed: "billed" },
        { attempt: 2, outcome: "accepted", task_id: secondTask, billed: "billed" },
      ]);
      expect((await system.get(id)).cost).toEqual({ reserved_usd: 0, billed_usd: 2 });
    },
  );

  test("pressed twice at once charges once more", { timeout: 120_000 }, async () => {
    await startWorker();
    const prompt = lost("[[submit:reset-after-accept:1]]");
    const id = await orderLost(prompt);
    const answers = await Promise.all(
      [1, 2, 3].map(() => press(id, "release", { max_charges: 9, attempts: 1 })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409, 409]);
    await system.untilEnded(id);
    expect(chargesFor(prompt)).toBe(2);
  });
});

describe("write-off", () => {
  test("ends the video, with its money booked as spent", { timeout: 120_000 }, async () => {
    await startWorker();
    const id = await orderLost(lost());
    const { exitCode, stdout } = await rushes("write-off", id);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("$1.00 are booked as spent")]);
    expect(await system.untilEnded(id, "failed")).toMatchObject({
      error: { code: "charge_written_off" },
      cost: { reserved_usd: 0, billed_usd: 1 },
      charges: 1,
    });
    expect(await rowsOf(id)).toMatchObject([{ outcome: "written_off", billed: "billed" }]);
  });
});

describe("the policy", () => {
  test("write_off ends what has waited long enough", { timeout: 120_000 }, async () => {
    await startWorker({ UNCONFIRMED_POLICY: "write_off", UNCONFIRMED_AFTER_MS: "300" });
    const { id } = await system.order({ prompt: lost() });
    expect(await system.untilEnded(id, "failed")).toMatchObject({
      error: { code: "charge_written_off" },
      cost: { billed_usd: 1 },
    });
    expect(await auditOf(id)).toEqual(["policy write-off"]);
  });

  test("release pays again only where the caller has allowed it", { timeout: 120_000 }, async () => {
    await startWorker({ UNCONFIRMED_POLICY: "release", UNCONFIRMED_AFTER_MS: "300" });
    const [unpaid, twice] = [lost(), lost("[[submit:reset-after-accept:1]]")];
    const kept = await orderLost(unpaid);
    const { id } = await system.order({ prompt: twice }, { max_charges: 2 });
    // The policy looks at the longest unconfirmed first, so by then it has looked at both.
    expect(await system.untilEnded(id)).toMatchObject({ charges: 2 });
    expect(await auditOf(id)).toEqual(["policy release"]);
    expect(await system.get(kept)).toMatchObject({ phase: "unconfirmed", charges: 1 });
    expect([chargesFor(unpaid), chargesFor(twice)]).toEqual([1, 2]);
  });
});

describe("the command line", () => {
  test("lists what is unconfirmed, as a table and as JSON", { timeout: 120_000 }, async () => {
    await startWorker();
    const prompt = lost();
    const id = await orderLost(prompt);
    const table = await rushes("unconfirmed");
    const line = table.stdout.split("\n").find((candidate) => candidate.startsWith(id));
    expect(line).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d +\$1\.00 +default +1 of 1 +lake/);
    expect(table.stderr).toMatch(/\d+ unconfirmed, \$\d+\.00 at stake/);
    const lines = (await rushes("unconfirmed", "--json")).stdout.split("\n").filter(Boolean);
    const video = lines.map((one) => JSON.parse(one) as { id: string }).find((one) => one.id === id);
    expect(video).toMatchObject({ phase: "unconfirmed", unconfirmed: { at_stake_usd: 1, attempts: 1 } });
    const status = await rushes("status", id);
    expect(status.stdout).toMatch(/in doubt +\$1\.00 since/);
  });

  test("looks at a running task at once", { timeout: 120_000 }, async () => {
    await startWorker({ POLL_FIRST_MS: "600000" });
    const prompt = lost("[[task:instant]]");
    const { id } = await system.order({ prompt });
    await untilPhase(id, "generating");
    const { exitCode, stdout } = await rushes("poll", id);
    expect([exitCode, stdout]).toEqual([0, `The task of ${id} is looked at now.\n`]);
    await system.untilEnded(id);
    expect((await rushes("poll", id)).exitCode).toBe(1);
  });

  test(
    "says what is wrong, with 2 for wrong words and 1 for what was refused",
    { timeout: 120_000 },
    async () => {
      expect((await rushes("release")).exitCode).toBe(2);
      const missing = await rushes("status", "vid_nobody");
      expect([missing.exitCode, missing.stderr]).toEqual([
        1,
        expect.stringContaining("There is no such video"),
      ]);
    },
  );
});
