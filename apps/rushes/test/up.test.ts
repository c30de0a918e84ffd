import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { untilTrue } from "@rushes/test-rig";
import { alive, makeDataFolder, PARTS, pidOf, removeFolder, startUp, type RunningUp } from "./run-up.ts";

let data: string;
let running: RunningUp[];

beforeEach(async () => {
  data = await makeDataFolder();
  running = [];
});

afterEach(async () => {
  for (const { process } of running) process.kill("SIGKILL");
  await Promise.all(running.map(({ ended }) => ended));
  await untilTrue(() => alive(pids()).join(" ") || true);
  removeFolder(data);
});

function start(environment: Record<string, string> = {}, flags: string[] = []): RunningUp {
  const up = startUp(data, environment, flags);
  running.push(up);
  return up;
}

function pids(): Record<string, number | undefined> {
  return Object.fromEntries(PARTS.map((part) => [part, pidOf(data, part)]));
}

async function untilReady(up: RunningUp): Promise<void> {
  await untilSaid(up, "Ordered vid_");
}

/** Six processes start for it, which takes a busy machine a while. */
async function untilSaid(up: RunningUp, words: string): Promise<void> {
  await untilTrue(() => up.output().includes(words) || up.output(), { timeoutMs: 50_000 });
}

describe("rushes up", () => {
  test("with --once ends well when the sample is archived, and leaves a playable file and no process", async () => {
    const up = start({}, ["--once"]);
    expect(await up.ended).toBe(0);
    const path = join(data, "videos/vid_1.mp4");
    expect(up.output()).toContain(path);
    expect(readFileSync(path, "utf8")).toBe("video");
    for (const words of ["waiting in line", "being generated", "archived", "10 times as fast"]) {
      expect(up.output()).toContain(words);
    }
    expect(alive(pids())).toEqual([]);
  });

  test("with --once ends badly when the sample fails, and says why", async () => {
    const up = start({ STAND_IN_END: "failed" }, ["--once"]);
    expect(await up.ended).toBe(1);
    expect(up.output()).toContain("Refused as told. (content_refused)");
  });

  test("without --once stays up after the sample, and tells where to look", async () => {
    const up = start();
    await untilSaid(up, "vid_1.mp4");
    expect(up.output()).toMatch(/API +http:\/\/127\.0\.0\.1:\d+\/openapi\.json\n/);
    expect(up.output()).toMatch(
      /Board +http:\/\/127\.0\.0\.1:\d+\/ \(name operator, password [0-9a-f]{16}\)/,
    );
    expect(up.output()).toMatch(/Sandbox +http:\/\/127\.0\.0\.1:\d+\//);
    expect(readFileSync(join(data, "logs/board.log"), "utf8")).toContain(
      "users=operator:admin:hash-of-16-characters\n",
    );
    expect(alive(pids())).toEqual([...PARTS]);
  });

  for (const signal of ["SIGINT", "SIGHUP"] as const) {
    test(`${signal} to it alone stops every part, the last first, and leaves none`, async () => {
      const up = start({ STAND_IN_END: "never" });
      await untilReady(up);
      up.process.kill(signal);
      expect(await up.ended).toBe(0);
      expect(alive(pids())).toEqual([]);
      const endings = ["board", "worker", "api", "sandbox"].map((part) => {
        const log = readFileSync(join(data, "logs", `${part}.log`), "utf8");
        return Number(/ended=(\d+)/.exec(log)?.[1]);
      });
      expect(endings).toEqual(endings.toSorted((a, b) => a - b));
    });
  }

  test("a signal while it starts ends what has been started", async () => {
    const up = start();
    await untilTrue(() => pidOf(data, "redis") !== undefined);
    up.process.kill("SIGINT");
    expect(await up.ended).toBe(0);
    expect(alive(pids())).toEqual([]);
  });

  test("when it is killed outright, every part notices and ends", async () => {
    const up = start({ STAND_IN_END: "never" });
    await untilReady(up);
    const parts = pids();
    expect(alive(parts)).toEqual([...PARTS]);
    up.process.kill("SIGKILL");
    expect(await up.ended).toBe("SIGKILL");
    await untilTrue(() => alive(parts).join(" ") || true);
  });

  test("a part that does not end when asked is killed", async () => {
    const up = start({ STAND_IN_END: "never", STAND_IN_STUBBORN: "worker", DRAIN_MS: "1" });
    await untilReady(up);
    up.process.kill("SIGTERM");
    expect(await up.ended).toBe(0);
    expect(alive(pids())).toEqual([]);
  });

  test("when a part cannot start, it says which and shows its last words, and ends", async () => {
    const up = start({ STAND_IN_DIES: "worker" });
    expect(await up.ended).toBe(1);
    expect(up.output()).toContain("worker has ended by itself (exit code 1)");
    expect(up.output()).toContain("the worker stand-in dies as told");
    expect(alive(pids())).toEqual([]);
  });

  for (const part of ["api", "redis"] as const) {
    test(`when ${part} dies later, everything ends with exit code 1`, async () => {
      const up = start({ STAND_IN_END: "never" });
      await untilReady(up);
      process.kill(pidOf(data, part) ?? 0, "SIGKILL");
      expect(await up.ended).toBe(1);
      expect(up.output()).toContain(`${part} has ended by itself`);
      expect(alive(pids())).toEqual([]);
    });
  }

  test("a worker that is killed is started again, and told about", async () => {
    const up = start({ STAND_IN_END: "never" });
    await untilReady(up);
    const killed = pidOf(data, "worker") ?? 0;
    process.kill(killed, "SIGKILL");
    await untilTrue(() => {
      const now = pidOf(data, "worker");
      return now !== undefined && now !== killed;
    });
    expect(up.output()).toContain("The worker was killed (signal SIGKILL). It is started again");
    up.process.kill("SIGTERM");
    expect(await up.ended).toBe(0);
    expect(alive(pids())).toEqual([]);
  });

  test("a second one in the same folder is refused while the first runs, and let in afterwards", async () => {
    const first = start({ STAND_IN_END: "never" });
    await untilReady(first);
    const second = start();
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(
      `Another "up" (process ${first.process.pid}) is running in this folder.`,
    );
    first.process.kill("SIGKILL");
    await first.ended;
    const third = start({}, ["--once"]);
    expect(await third.ended).toBe(0);
  });

  test("a second start goes on with the sample that the first left, on the same Redis port", async () => {
    const first = start({ STAND_IN_END: "never" });
    await untilReady(first);
    const redisPort = portOf("redis");
    first.process.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    const second = start();
    await untilSaid(second, "vid_1.mp4");
    expect(second.output()).toContain("Going on with vid_1 from the last start.");
    expect(portOf("redis")).toBe(redisPort);
    const redis = new Redis(redisPort, "127.0.0.1");
    expect(await redis.get("orders")).toBe("1");
    redis.disconnect();
  });

  test.runIf(process.platform === "linux")(
    "a Redis whose keeper and `up` were killed is stopped by the next start",
    async () => {
      const first = start({ STAND_IN_END: "never" });
      await untilReady(first);
      const orphan = pidOf(data, "redis") ?? 0;
      const keeper = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${orphan}/status`, "utf8"))?.[1]);
      first.process.kill("SIGSTOP");
      process.kill(keeper, "SIGKILL");
      first.process.kill("SIGKILL");
      await first.ended;
      expect(alive({ orphan })).toEqual(["orphan"]);
      const second = start({}, ["--once"]);
      expect(await second.ended).toBe(0);
      expect(second.output()).toContain("The Redis of an earlier start was still running");
      expect(alive({ orphan })).toEqual([]);
    },
  );

  test("no sample is ordered at the real provider, and --once is refused there", async () => {
    const once = start({ APIXO_API_KEY: "secret-key" }, ["--once"]);
    expect(await once.ended).toBe(1);
    expect(once.output()).toContain("costs money");
    const up = start({ APIXO_API_KEY: "secret-key" });
    await untilSaid(up, "Everything is ready");
    expect(up.output()).toContain("no sample is ordered");
    expect(pidOf(data, "sandbox")).toBeUndefined();
    up.process.kill("SIGTERM");
    expect(await up.ended).toBe(0);
    expect(up.output()).not.toContain("Ordered");
  });

  test("settings that cannot be used are named before anything starts", async () => {
    const up = start({ PORT: "80800", BOARD_PORT: "x" });
    expect(await up.ended).toBe(1);
    expect(up.output()).toMatch(/PORT must be a port number/);
    expect(up.output()).toMatch(/BOARD_PORT must be a port number/);
    expect(pidOf(data, "redis")).toBeUndefined();
  });
});

function portOf(part: string): number {
  const { ports } = JSON.parse(readFileSync(join(data, "up.json"), "utf8")) as {
    ports: Record<string, number>;
  };
  return ports[part] ?? 0;
}
