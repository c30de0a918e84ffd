import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { Video } from "@rushes/pipeline";
import { untilTrue } from "@rushes/test-rig";
import { afterAll, beforeAll, expect, test } from "vitest";
import { endTask } from "./end-task.ts";
import { startSystem, type RunningSystem } from "./running-system.ts";

const RACERS = 200;
/** It runs until the test ends it. */
const RUNNING = "a mill [[task:slow:20000000]]";
const RACED = "one of two hundred";

let system: RunningSystem;
let watcher: ChildProcess | undefined;
beforeAll(async () => {
  system = await startSystem();
  await system.startWorker({ LIMIT_CONCURRENCY: "1" });
}, 120_000);
afterAll(async () => {
  watcher?.kill("SIGKILL");
  await system.stop();
});

const spawnRushes = (...words: string[]): ChildProcess =>
  spawn(process.execPath, ["--conditions=source", "apps/rushes/src/main.ts", ...words], {
    env: { PATH: process.env["PATH"] ?? "", RUSHES_URL: system.api.url },
    stdio: ["ignore", "pipe", "inherit"],
  });

async function rushes(...words: string[]): Promise<{ code: number | null; out: string }> {
  const child = spawnRushes(...words);
  const [out] = await Promise.all([child.stdout ? text(child.stdout) : "", once(child, "close")]);
  return { code: child.exitCode, out };
}

type Snapshot = {
  submit: { paused: boolean };
  phases: Record<string, { videos: number }>;
  accounts: { in_flight: number; concurrency: number }[];
};

/** Lines of `rushes watch --json`, as they come. */
function watchSystem(): Snapshot[] {
  const seen: Snapshot[] = [];
  watcher = spawnRushes("watch", "--json");
  let rest = "";
  watcher.stdout?.on("data", (chunk: Buffer) => {
    const lines = `${rest}${chunk.toString()}`.split("\n");
    rest = lines.pop() ?? "";
    seen.push(...lines.map((line) => JSON.parse(line) as Snapshot));
  });
  return seen;
}

type Answer = { text: string; isReplay: boolean; status: number | undefined };

/** The same order under one key, at once, each on a connection of its own. */
async function race(urls: readonly string[]): Promise<Answer[]> {
  const input = { mode: "master-text-to-video", prompt: RACED, duration: 5 };
  const headers = { "content-type": "application/json", "idempotency-key": "one-key" };
  return await Promise.all(
    Array.from({ length: RACERS }, async (_, n) => {
      const url = `${urls[n % urls.length]}/v1/videos`;
      const asked = request(url, { method: "POST", headers, agent: false }).end(JSON.stringify({ input }));
      const [answer] = (await once(asked, "response")) as [IncomingMessage];
      const isReplay = answer.headers["idempotent-replayed"] === "true";
      return { text: await text(answer), isReplay, status: answer.statusCode };
    }),
  );
}

const submissions = (): number =>
  system.sandbox.journal().filter(({ operation }) => operation === "submit").length;

test(
  "while submit is paused nothing is posted, all else goes on, and nothing is doubled when it is resumed",
  { timeout: 120_000 },
  async () => {
    const { sandbox, inspect } = system;
    const { id: running } = await system.order({ prompt: RUNNING });
    await untilTrue(async () => (await system.get(running)).phase === "generating");
    // A turn that has begun already, and waits for the one place.
    const { id: first } = await system.order({ prompt: "one" });
    await untilTrue(async () => (await inspect.llen("{rushes}:submit:active")) === 1);
    const snapshots = watchSystem();
    await untilTrue(() => snapshots.length > 0);

    const paused = await rushes("pause", "submit");
    expect(paused).toEqual({ code: 0, out: expect.stringMatching(/^Submit is paused by \w+ since /) });
    const other = await system.startApi();
    const answers = await race([system.api.url, other.url]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(answers.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
    // Nobody can have gone on with it meanwhile, so all have seen the same video.
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    const raced = (JSON.parse(answers[0]?.text ?? "") as Video).id;
    const list = (await (await fetch(`${other.url}/v1/videos?limit=100`)).json()) as { data: Video[] };
    expect(list.data.filter(({ prompt }) => prompt === RACED)).toHaveLength(1);
    const { id: last } = await system.order({ prompt: "two" });
    const queued = [first, raced, last];

    // The sweep finds them overdue again and again, and their turns are there.
    const turns = async (): Promise<number> =>
      (await inspect.llen("{rushes}:submit:wait")) + (await inspect.llen("{rushes}:submit:active"));
    for (let round = 0; round < 3; round += 1) {
      await inspect.zadd("{rushes}:due", "XX", ...queued.flatMap((id) => [0, id]));
      await untilTrue(async () => (await inspect.zcount("{rushes}:due", "-inf", 0)) === 0);
    }
    // It does not count the turn that is active.
    expect(await turns()).toBeLessThanOrEqual(queued.length + 1);
    // Its place is free from here on.
    await endTask(system, (await system.get(running)).provider.task_id);
    await system.untilEnded(running);
    const status = await rushes("status");
    expect(status.out).toMatch(/^Submit is paused by \w+ since /);
    expect(status.out).toMatch(/^queued +3 .*submit is paused$/m);
    expect([submissions(), sandbox.bill().charges.length]).toEqual([1, 1]);

    // The pause is Redis' own knowledge: neither it nor the workers forget it.
    await system.killWorkers();
    await system.redis.restart();
    await system.startWorker();
    expect((await Promise.all(queued.map((id) => system.get(id)))).map(({ phase }) => phase)).toEqual(
      queued.map(() => "queued"),
    );
    expect(submissions()).toBe(1);

    expect(await rushes("resume", "submit")).toEqual({ code: 0, out: "Submit goes on.\n" });
    for (const id of queued) await system.untilEnded(id);
    expect(
      sandbox
        .bill()
        .charges.map(({ prompt }) => prompt)
        .toSorted(),
    ).toEqual([RUNNING, RACED, "one", "two"].toSorted());
    expect(submissions()).toBe(4);

    await untilTrue(() => snapshots.at(-1)?.phases["completed"]?.videos === 4);
    expect(snapshots.some(({ submit, phases }) => submit.paused && phases["queued"]?.videos === 3)).toBe(
      true,
    );
    expect(snapshots.at(-1)).toMatchObject({
      submit: { paused: false },
      accounts: [{ in_flight: 0, concurrency: 5 }],
    });
    const gone = watcher ? once(watcher, "exit") : null;
    watcher?.kill("SIGINT");
    expect(await gone).toEqual([0, null]);
  },
);
