import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { startSandbox } from "@rushes/sandbox";
import { startTestRedis } from "@rushes/test-rig";

export type LoadedWorker = {
  redisUrl: string;
  /** Submits that the provider has taken so far. */
  accepted(): number;
  /** One scrape, as Prometheus makes it. */
  scrape(): Promise<Scrape>;
  stop(): Promise<void>;
};

export type Scrape = {
  tookMs: number;
  bytes: number;
  /** Of the worker's process since its start, milliseconds. */
  cpuMs: number;
};

const PORT = /"port":(\d+)/;
const CPU = /^process_cpu_seconds_total ([\d.e-]+)/m;
/** So much faster than real life that the provider's tasks take a tenth of a second. */
const SPEED = 1_000;

/** The worker as it is deployed, with the stages that talk to the provider, on a Redis and a provider of its own. */
export async function startLoadedWorker(): Promise<LoadedWorker> {
  const [server, sandbox] = await Promise.all([startTestRedis(), startSandbox({ speed: SPEED })]);
  const main = fileURLToPath(new URL("../../../worker/src/main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", main], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env["PATH"] ?? "",
      // No sweep: what it does at its own pace would be counted against scrapes or for them.
      ROLES: "submit,poll",
      REDIS_URL: server.url,
      APIXO_API_KEY: "sk-of-the-bench",
      APIXO_BASE_URL: sandbox.url,
      HEALTH_PORT: "0",
      LIMIT_CONCURRENCY: "100",
      LIMIT_RATE: "1000000",
      SUBMIT_CONCURRENCY: "50",
      POLL_FIRST_MS: "120",
      POLL_MIN_MS: "100",
      POLL_MAX_MS: "200",
    },
  });
  let said = "";
  const listening = Promise.withResolvers<string>();
  child.stdout.on("data", (chunk: Buffer) => {
    // What it logs later is read and forgotten, as a log collector would.
    if (PORT.test(said)) return;
    said += chunk.toString();
    const port = PORT.exec(said)?.[1];
    if (port !== undefined) listening.resolve(port);
  });
  child.once("exit", () => listening.reject(new Error(`the worker has ended: ${said}`)));
  const url = `http://127.0.0.1:${await listening.promise}/metrics`;

  return {
    redisUrl: server.url,
    accepted: () => sandbox.tasks().length,
    async scrape() {
      const startedMs = performance.now();
      const page = await (await fetch(url)).text();
      const cpuSeconds = CPU.exec(page)?.[1];
      if (cpuSeconds === undefined)
        throw new Error(`no processor time among the metrics: ${page.slice(0, 200)}`);
      return {
        tookMs: performance.now() - startedMs,
        bytes: page.length,
        cpuMs: Number(cpuSeconds) * 1_000,
      };
    },
    async stop() {
      const gone = once(child, "exit");
      if (child.kill("SIGKILL")) await gone;
      await Promise.all([server.stop(), sandbox.stop()]);
    },
  };
}
