import { createLogger, createMetrics } from "@rushes/telemetry";
import { openWakeQueues, openWorkerConnection, startStageWorker } from "@rushes/queue";
import type { JobSummary, Outcome, Stage, StageJob } from "@rushes/pipeline";
import { startTestRedis, uniquePrefix, untilTrue, type TestRedis } from "@rushes/test-rig";
import { hashPassword } from "../src/login/password-hash.ts";
import { startBoard, type BoardOptions } from "../src/start-board.ts";

export const ADMIN = { name: "ada", password: "the admin's password" };
export const VIEWER = { name: "vera", password: "the viewer's password" };
export const API_URL = "https://api.videos.example";

/** As cheap as a hash may be, for a test logs in often. */
const COST = { n: 2 ** 14, r: 8, p: 1 };

const ABOUT: JobSummary = {
  mode: "master-text-to-video",
  duration: 10,
  prompt: "A harbour at dawn",
  task: "task-4711",
};

export type BoardRig = {
  url: string;
  /** Of the keys in Redis. */
  prefix: string;
  redis: TestRedis;
  /** What the board has logged, one entry per line. */
  logLines: string[];
  /** Adds a job of this video; `delayMs` 0 unless given. Answers the job's id. */
  addJob(
    stage: Stage,
    videoId: string,
    more?: { about?: Partial<JobSummary>; delayMs?: number },
  ): Promise<string>;
  /** Runs the jobs of a stage until this many have ended. */
  runJobs(stage: Stage, count: number, decide: (job: StageJob) => Outcome): Promise<void>;
  stateOf(stage: Stage, jobId: string): Promise<string>;
  /** Logs in and answers the `Cookie` header of the session. */
  logIn(user: { name: string; password: string }): Promise<string>;
  /** A request as a page of the board makes it. Redirects are not followed. */
  ask(path: string, options?: AskOptions): Promise<Response>;
  stop(): Promise<void>;
};

export type AskOptions = {
  method?: string;
  cookie?: string;
  form?: Record<string, string>;
  json?: unknown;
  headers?: Record<string, string>;
  /** Leaves out what a browser says about where the request comes from. */
  isMute?: boolean;
};

export type RigOptions = Partial<BoardOptions> & {
  /** Redis is gone when the board starts; `redis.restart()` brings it. */
  startsBefore?: "redis";
};

/** A real Redis, the board on a free port, and a producer and workers of its own beside it. */
export async function startBoardRig({ startsBefore, ...options }: RigOptions = {}): Promise<BoardRig> {
  const redis = await startTestRedis({ appendOnly: false });
  if (startsBefore === "redis") await redis.kill();
  const prefix = options.prefix ?? uniquePrefix("board");
  const logLines: string[] = [];
  const board = await startBoard({
    host: "127.0.0.1",
    port: 0,
    redisUrl: redis.url,
    users: [
      { name: ADMIN.name, role: "admin", passwordHash: await hashPassword(ADMIN.password, COST) },
      { name: VIEWER.name, role: "viewer", passwordHash: await hashPassword(VIEWER.password, COST) },
    ],
    apiUrl: API_URL,
    proxies: [],
    bounds: { budgetMicros: null, resultPlanMs: 86_400_000, resultLifeMs: 1_296_000_000 },
    durability: { durability: "everysec", isConfirmed: false },
    contentLinks: null,
    logger: createLogger({
      name: "board",
      level: "info",
      destination: { write: (line) => void logLines.push(line) },
    }),
    metrics: createMetrics(),
    prefix,
    ...options,
  });
  const url = `http://127.0.0.1:${board.port}`;
  const producer = openWorkerConnection(redis.url);
  const queues = openWakeQueues(producer, prefix);

  async function ask(path: string, request: AskOptions = {}): Promise<Response> {
    const { method = "GET", cookie, form, json, isMute = false } = request;
    const body = form ? new URLSearchParams(form) : json === undefined ? null : JSON.stringify(json);
    return await fetch(`${url}${path}`, {
      method,
      redirect: "manual",
      headers: {
        ...(isMute ? {} : { origin: url }),
        ...(cookie ? { cookie } : {}),
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...request.headers,
      },
      body,
    });
  }

  return {
    url,
    prefix,
    redis,
    logLines,
    async addJob(stage, videoId, { about = {}, delayMs = 0 } = {}) {
      await queues.wake([{ stage, videoId, rev: 1, delayMs, about: { ...ABOUT, ...about } }]);
      return `${videoId}.${stage}.1`;
    },
    async runJobs(stage, count, decide) {
      const connection = openWorkerConnection(redis.url);
      let ended = 0;
      const worker = startStageWorker({
        stage,
        redis: connection,
        prefix,
        concurrency: 1,
        queues,
        decide: async (job) => decide(job),
        onProblem: () => undefined,
      });
      await untilTrue(async () => {
        const { completed = 0, failed = 0 } = await queues.queues[stage].getJobCounts("completed", "failed");
        ended = completed + failed;
        return ended >= count || `${ended} of ${count} jobs have ended`;
      });
      await worker.stop();
      connection.disconnect();
    },
    async stateOf(stage, jobId) {
      return await queues.queues[stage].getJobState(jobId);
    },
    async logIn(user) {
      const answer = await ask("/login", { method: "POST", form: user });
      if (answer.status !== 303) throw new Error(`the login answered ${answer.status}`);
      return answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    },
    ask,
    async stop() {
      await board.stop();
      await queues.close();
      producer.disconnect();
      await redis.stop();
    },
  };
}
