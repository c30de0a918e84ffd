import { Redis } from "ioredis";
import {
  findLastingPort,
  startTestRedis,
  startTestS3,
  untilTrue,
  type TestRedis,
  type TestS3,
} from "@rushes/test-rig";
import { startSandbox, type Sandbox, type SandboxOptions } from "@rushes/sandbox";
import type { HistoryFolder } from "../history/history-folder.ts";
import { boardUser, openBoardSession, type BoardSession } from "./board-session.ts";
import { startPart, type PartProcess } from "./part-process.ts";
import { SANDBOX_PACE, SCALED_SETTINGS } from "./scaled-settings.ts";

export type SystemOptions = {
  folder: HistoryFolder;
  callbacks: "off" | "on";
  sandbox?: SandboxOptions;
  budgetUsd?: number | null;
  /** Which rule every process lacks. */
  mutant?: string;
  /** Settings beyond the scaled ones. */
  environment?: Record<string, string>;
  /** Whether a board is started; it costs a process. */
  board?: boolean;
};

/** What a process is started with beyond the usual. */
export type Extra = { inside?: Record<string, string>; environment?: Record<string, string> };

const API_TRIES = 20;

/** The whole system on loopback: real Redis, api, workers and board as processes; provider and bucket in this one. */
export type ProofSystem = {
  folder: HistoryFolder;
  redis: TestRedis;
  /** A connection for looking into Redis. */
  inspect: Redis;
  s3: TestS3;
  sandbox: Sandbox;
  apiUrl: string;
  api(): PartProcess;
  workers(): readonly PartProcess[];
  board: BoardSession | null;
  /** Starts the api on its port, whether it has run before or not, and resolves when it listens. */
  startApi(extra?: Extra): Promise<PartProcess>;
  /** Resolves at once; the worker is in the list from then on. */
  spawnWorker(extra?: Extra): PartProcess;
  startWorker(extra?: Extra): Promise<PartProcess>;
  /** Takes a dead worker's place. */
  replaceWorker(dead: PartProcess): PartProcess;
  stop(): Promise<void>;
};

const CALLBACK_SECRET = "a-secret-of-this-proof";

export async function startSystem(options: SystemOptions): Promise<ProofSystem> {
  const { folder, callbacks, budgetUsd = null, mutant } = options;
  const [redis, s3, sandbox, apiPort] = await Promise.all([
    startTestRedis(),
    startTestS3(),
    startSandbox({ ...SANDBOX_PACE, ...options.sandbox }),
    findLastingPort(),
  ]);
  const inspect = new Redis(redis.url, { maxRetriesPerRequest: null });
  inspect.on("error", () => {});
  const apiUrl = `http://127.0.0.1:${apiPort}`;

  const environment: Record<string, string> = {
    ...SCALED_SETTINGS,
    PATH: process.env["PATH"] ?? "",
    REDIS_URL: redis.url,
    APIXO_API_KEY: "sk-of-this-proof",
    APIXO_BASE_URL: sandbox.url,
    ARCHIVE_BUCKET: s3.bucket,
    AWS_REGION: s3.region,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    S3_FORCE_PATH_STYLE: "true",
    ALLOW_PRIVATE_DOWNLOADS: "true",
    HEALTH_PORT: "0",
    BOARD_PORT: "0",
    PORT: String(apiPort),
    BOARD_USERS: boardUser(),
    ...options.environment,
    ...(budgetUsd === null ? {} : { BUDGET_USD_PER_DAY: String(budgetUsd) }),
    ...(callbacks === "on" ? { PUBLIC_URL: apiUrl, CALLBACK_SECRET } : {}),
  };

  const counts = { api: 0, worker: 0, board: 0 };
  const everything: PartProcess[] = [];
  function start(kind: keyof typeof counts, extra: Extra = {}): PartProcess {
    counts[kind] += 1;
    const part = startPart({
      name: `${kind}-${counts[kind]}`,
      main: `apps/${kind}/src/main.ts`,
      environment: { ...environment, ...extra.environment },
      logsPath: folder.logsPath,
      stepsPath: folder.stepsPath,
      inside: { ...(mutant ? { PROOF_MUTANT: mutant } : {}), ...extra.inside },
    });
    everything.push(part);
    return part;
  }

  let api: PartProcess | undefined;
  const workers: PartProcess[] = [];

  async function startApi(extra?: Extra): Promise<PartProcess> {
    // The one before may hold the port for a moment.
    for (let tries = 1; ; tries += 1) {
      const started = start("api", extra);
      api = started;
      try {
        await started.untilLogged("api is listening");
        return started;
      } catch (error) {
        if (tries === API_TRIES || !started.readLog().includes("EADDRINUSE")) throw error;
      }
    }
  }

  function spawnWorker(extra?: Extra): PartProcess {
    const worker = start("worker", extra);
    workers.push(worker);
    return worker;
  }

  async function startBoard(): Promise<BoardSession> {
    const board = start("board");
    await board.untilLogged("has started");
    const port = /"port":(\d+)/.exec(board.readLog())?.[1];
    return await openBoardSession(`http://127.0.0.1:${port}`);
  }

  async function stop(): Promise<void> {
    await Promise.all(everything.map((part) => part.kill()));
    inspect.disconnect();
    await Promise.all([sandbox.stop(), s3.stop(), redis.stop()]);
  }

  try {
    const [, board] = await Promise.all([startApi(), options.board ? startBoard() : null]);
    await untilTrue(async () => (await fetch(`${apiUrl}/readyz`)).status === 200);
    return {
      folder,
      redis,
      inspect,
      s3,
      sandbox,
      apiUrl,
      api() {
        if (!api) throw new Error("the api was never started");
        return api;
      },
      workers: () => workers,
      board,
      startApi,
      spawnWorker,
      async startWorker(extra) {
        const worker = spawnWorker(extra);
        await worker.untilLogged("has started");
        return worker;
      },
      replaceWorker(dead) {
        workers.splice(workers.indexOf(dead), 1);
        return spawnWorker();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
