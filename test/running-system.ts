import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Redis } from "ioredis";
import {
  startTestRedis,
  startTestS3,
  untilTrue,
  type TestRedis,
  type TestRedisOptions,
  type TestS3,
} from "@rushes/test-rig";
import type { Video } from "@rushes/pipeline";
import { startSandbox, type Sandbox, type SandboxOptions } from "@rushes/sandbox";

/** How much faster than real time provider and schedule run. */
export const SPEED = 40;

/** Processes begin slowly on a machine that is busy with other tests. */
const STARTING = { timeoutMs: 45_000 };

const scaled = (ms: number): string => String(ms / SPEED);

/**
 * The whole system as it runs in production, on loopback: real Redis, the provider sandbox and an S3 server, the api and any
 * number of workers as processes of their own.
 */
export type RunningSystem = {
  redis: TestRedis;
  /** For looking into Redis. */
  inspect: Redis;
  s3: TestS3;
  sandbox: Sandbox;
  /** Resolves when the worker has started. */
  startWorker(environment?: Record<string, string>): Promise<WorkerProcess>;
  /** Starts a worker that is not expected to get far. */
  spawnWorker(environment: Record<string, string>): WorkerProcess;
  /** Ends every worker at once, as a power cut would. */
  killWorkers(): Promise<void>;
  order(input?: object, extra?: object): Promise<Video>;
  get(id: string): Promise<Video>;
  /** Waits until the video has ended, and fails when it ends otherwise than expected. */
  untilEnded(id: string, status?: Video["status"]): Promise<Video>;
  api: ApiProcess;
  /** Another api beside the first. */
  startApi(environment?: Record<string, string>): Promise<ApiProcess>;
  /** Starts any process of the system, with the environment that all share. */
  spawnProcess(main: string, environment: Record<string, string>): WorkerProcess;
  stop(): Promise<void>;
};

export type WorkerProcess = {
  process: ChildProcess;
  /** Everything it has logged, one line each. */
  lines: string[];
  /** Sends the signal and resolves with the exit code when the process is gone. */
  end(signal: NodeJS.Signals): Promise<number | null>;
};

export type ApiProcess = WorkerProcess & { url: string };

export type SystemOptions = {
  sandbox?: SandboxOptions;
  api?: Record<string, string>;
  /** For every process. */
  environment?: Record<string, string>;
  redis?: TestRedisOptions;
  /** A caller's key, where `API_KEYS` is set. */
  key?: string;
};

export async function startSystem(options: SystemOptions = {}): Promise<RunningSystem> {
  const [redis, s3, sandbox] = await Promise.all([
    startTestRedis(options.redis),
    startTestS3(),
    startSandbox({ speed: SPEED, ...options.sandbox }),
  ]);
  const inspect = new Redis(redis.url);
  inspect.on("error", () => {});
  const children: ChildProcess[] = [];
  const environment = {
    PATH: process.env["PATH"] ?? "",
    REDIS_URL: redis.url,
    APIXO_API_KEY: "sk-test-of-the-system",
    APIXO_BASE_URL: sandbox.url,
    ARCHIVE_BUCKET: s3.bucket,
    AWS_REGION: s3.region,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    S3_FORCE_PATH_STYLE: "true",
    ALLOW_PRIVATE_DOWNLOADS: "true",
    POLL_FIRST_MS: scaled(60_000),
    POLL_MIN_MS: scaled(5_000),
    POLL_MAX_MS: scaled(10_000),
    LATE_AFTER_MS: scaled(900_000),
    LATE_EVERY_MAX_MS: scaled(60_000),
    RETRY_MIN_MS: "50",
    RETRY_MAX_MS: "500",
    SWEEP_EVERY_MS: "200",
    // Fixed, so that no test waits for limits to be learned; one that is about them says otherwise.
    LIMIT_CONCURRENCY: "5",
    LIMIT_RATE: "100000",
    LIMIT_TIME_SCALE: String(1 / SPEED),
    HEALTH_PORT: "0",
    PORT: "0",
    ...options.environment,
  };
  const credentials: Record<string, string> = options.key ? { authorization: `Bearer ${options.key}` } : {};

  const start = (main: string, extra: Record<string, string>): WorkerProcess => {
    const child = spawn(process.execPath, ["--conditions=source", main], {
      env: { ...environment, ...extra },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    const lines: string[] = [];
    const hear = (chunk: Buffer): void => void lines.push(...chunk.toString().split("\n").filter(Boolean));
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    return {
      process: child,
      lines,
      async end(signal) {
        const gone = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
        child.kill(signal);
        await gone;
        return child.exitCode;
      },
    };
  };

  const stop = async (): Promise<void> => {
    for (const child of children) child.kill("SIGKILL");
    inspect.disconnect();
    await Promise.all([sandbox.stop(), s3.stop(), redis.stop()]);
  };

  const startApi = async (extra: Record<string, string> = {}): Promise<ApiProcess> => {
    const api = start("apps/api/src/main.ts", { ...options.api, ...extra });
    let url = "";
    await untilTrue(() => {
      url = api.lines.map((line) => /"url":"(http:[^"]+)"/.exec(line)?.[1]).find(Boolean) ?? "";
      return url !== "" || api.lines.join("\n");
    }, STARTING);
    await untilTrue(async () => (await fetch(`${url}/readyz`)).status === 200, STARTING);
    return { ...api, url };
  };
  const api = await startApi();
  const { url } = api;

  const workers: WorkerProcess[] = [];
  const spawnWorker = (extra: Record<string, string>): WorkerProcess => {
    const worker = start("apps/worker/src/main.ts", extra);
    workers.push(worker);
    return worker;
  };

  const get = async (id: string): Promise<Video> => {
    const response = await fetch(`${url}/v1/videos/${id}`, { headers: credentials });
    if (response.status !== 200) throw new Error(`GET ${id}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Video;
  };

  return {
    redis,
    inspect,
    s3,
    sandbox,
    api,
    startApi,
    spawnProcess: start,
    async startWorker(extra = {}) {
      const worker = spawnWorker(extra);
      await untilTrue(
        () => worker.lines.some((line) => line.includes("has started")) || worker.lines.join("\n"),
        STARTING,
      );
      return worker;
    },
    spawnWorker,
    async killWorkers() {
      await Promise.all(workers.map((worker) => worker.end("SIGKILL")));
    },
    get,
    async order(input = {}, extra = {}) {
      const response = await fetch(`${url}/v1/videos`, {
        method: "POST",
        headers: { ...credentials, "content-type": "application/json", "idempotency-key": randomUUID() },
        body: JSON.stringify({
          input: { mode: "master-text-to-video", prompt: "a drone over a city", duration: 5, ...input },
          ...extra,
        }),
      });
      if (response.status !== 202) throw new Error(`POST: ${response.status} ${await response.text()}`);
      return (await response.json()) as Video;
    },
    async untilEnded(id, status = "completed") {
      let video: Video | undefined;
      await untilTrue(
        async () => {
          video = await get(id);
          return ["completed", "failed", "cancelled"].includes(video.status) || video.phase;
        },
        { timeoutMs: 45_000, everyMs: 50 },
      );
      if (video?.status !== status)
        throw new Error(`${id} ended ${video?.status}: ${JSON.stringify(video?.error)}`);
      return video;
    },
    stop,
  };
}
