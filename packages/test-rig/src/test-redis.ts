import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "./free-port.ts";
import { pingRedis } from "./redis-ping.ts";
import { findRedisServer } from "./redis-server.ts";
import { untilTrue } from "./until-true.ts";

export type TestRedisOptions = {
  /** Whether writes go to an append-only file and so survive a kill; true unless given. */
  appendOnly?: boolean;
  /** When a write is synced to the disk; `everysec` unless given, as in production by default. */
  appendFsync?: "always" | "everysec";
  /** What clients must say to be let in, and stands in the URL; nothing unless given. */
  password?: string;
  /** Where the data lives. Unless given a fresh folder, which `stop` removes; a given one stays. */
  dir?: string;
};

export type TestRedis = {
  url: string;
  port: number;
  /** Of the server that runs now: another one after `restart`. A test may freeze it with SIGSTOP. */
  readonly pid: number;
  dir: string;
  /** Ends the server in any state, and removes the folder unless it was given. */
  stop(): Promise<void>;
  /** Sends the signal and resolves when the server is gone. `restart` brings it back. */
  kill(signal?: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Starts the server again on the same port and data, killing it first if it still runs. */
  restart(): Promise<void>;
};

/** Somebody else may take a port between finding and using it; that this happens five times is another problem. */
const PORT_ATTEMPTS = 5;

/** Starts a real Redis of a test's own: loopback, free port, `noeviction`. Resolves once PING is answered. */
export async function startTestRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const program = findRedisServer();
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "rushes-test-redis-")));
  await mkdir(dir, { recursive: true });
  const settings = ["--dir", dir, "--appendonly", options.appendOnly === false ? "no" : "yes"];
  settings.push("--appendfsync", options.appendFsync ?? "everysec");
  if (options.password) settings.push("--requirepass", options.password);
  let { port, server } = await onFreePort((candidate) => startServer(program, candidate, settings));

  async function kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    await end(server, signal);
  }

  return {
    url: `redis://${options.password ? `:${encodeURIComponent(options.password)}@` : ""}127.0.0.1:${port}`,
    port,
    get pid() {
      return server.pid ?? 0;
    },
    dir,
    kill,
    async restart() {
      await kill();
      server = await startServer(program, port, settings);
    },
    async stop() {
      await kill();
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}

async function onFreePort(
  start: (port: number) => Promise<ChildProcess>,
): Promise<{ port: number; server: ChildProcess }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort();
    try {
      return { port, server: await start(port) };
    } catch (error) {
      const isTaken = error instanceof Error && error.message.includes("Address already in use");
      if (!isTaken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function startServer(
  program: string,
  port: number,
  settings: readonly string[],
): Promise<ChildProcess> {
  const server = spawn(
    program,
    [
      "--port",
      `${port}`,
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--maxmemory-policy",
      "noeviction",
      ...settings,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  // A runner that ends early must not leave servers behind.
  const killNow = () => server.kill("SIGKILL");
  process.once("exit", killNow);
  server.once("exit", () => process.off("exit", killNow));

  let words = "";
  const hear = (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2000));
  server.stdout.on("data", hear);
  server.stderr.on("data", hear);
  const failed = Promise.withResolvers<never>();
  server.once("error", failed.reject);
  server.once("close", () => failed.reject(new Error(`redis-server on port ${port} ended:\n${words}`)));

  const answers = untilTrue(async () => {
    // A stranger's server on this port must not be taken for ours, so ours must still run.
    if (hasEnded(server)) return true;
    const answer = await pingRedis(port);
    return answer === "+PONG" || answer.startsWith("-NOAUTH") || answer;
  });
  try {
    await Promise.race([failed.promise, answers.then(() => (hasEnded(server) ? failed.promise : undefined))]);
    return server;
  } catch (error) {
    server.kill("SIGKILL");
    throw error;
  }
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(server)) return;
  const exited = once(server, "exit");
  server.kill(signal);
  // A frozen process hears nothing but SIGKILL until it runs again.
  server.kill("SIGCONT");
  await exited;
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null;
}
