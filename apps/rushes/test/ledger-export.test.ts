import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { createLedger, KEY_PREFIX, type Ledger } from "@rushes/ledger";
import { orderSchema } from "@rushes/pipeline";
import { findFreePort, startTestRedis, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const MAIN = "apps/rushes/src/main.ts";
/** Some megabytes, far more than a pipe holds. */
const ROWS = 5_000;

let server: TestRedis;
let redis: Redis;
let ledger: Ledger;

beforeAll(async () => {
  server = await startTestRedis({ appendOnly: false });
  redis = new Redis(server.url);
  ledger = createLedger(redis, KEY_PREFIX, {
    budgetMicros: null,
    leaseMaxMs: 3_600_000,
    submitDeadlineMs: 3_600_000,
    billFailedTasks: false,
  });
  await attempted("vid_accepted", "main");
  await attempted("vid_lost", "other");
  const fields = await redis.hgetall(`${KEY_PREFIX}:video:vid_accepted`);
  const order = (await redis.get(`${KEY_PREFIX}:order:vid_accepted`)) ?? "";
  const pipeline = redis.pipeline();
  for (let i = 0; i < ROWS; i += 1) {
    pipeline.hset(`${KEY_PREFIX}:video:vid_${i}`, fields).set(`${KEY_PREFIX}:order:vid_${i}`, order);
    // In the year 2001, apart from the two that were made as usual.
    pipeline.zadd(`${KEY_PREFIX}:charges`, 1_000_000_000_000 + i, `vid_${i}#1`);
  }
  await pipeline.exec();
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

async function attempted(videoId: string, account: string): Promise<void> {
  const order = orderSchema.parse({ input: { mode: "master-text-to-video", prompt: "a lake", duration: 5 } });
  await ledger.admit({ videoId, owner: "caller", idempotencyKey: null, order });
  const claim = await ledger.claimSubmission([{ name: account, concurrency: 99, rate: 1_000_000 }]);
  if (claim.kind !== "claimed") throw new Error(`expected a claim, got ${claim.kind}`);
  const isLost = videoId === "vid_lost";
  await ledger.learnAnswer(
    claim,
    isLost ? { fact: "unknown" } : { fact: "accepted", taskId: "task-1", firstLookMs: 60_000 },
  );
}

type Ran = { code: number; stdout: string; stderr: string };
async function ledgerExport(words: readonly string[], redisUrl = server.url): Promise<Ran> {
  const options = {
    env: { PATH: process.env["PATH"] ?? "", REDIS_URL: redisUrl },
    maxBuffer: 64 * 1024 * 1024,
  };
  return await run(
    process.execPath,
    ["--conditions=source", MAIN, "ledger", "export", ...words],
    options,
  ).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: unknown) => error as Ran,
  );
}

const linesOf = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("ledger export", () => {
  test("prints every row as one line of JSON, and nothing else", async () => {
    const { code, stdout, stderr } = await ledgerExport([]);
    expect([code, stderr]).toEqual([0, ""]);
    const rows = linesOf(stdout);
    expect(rows).toHaveLength(ROWS + 2);
    expect(rows.at(-1)).toMatchObject({ video: "vid_lost", outcome: "unconfirmed", account: "other" });
  });

  test("prints what was asked for", async () => {
    const rows = async (...words: string[]): Promise<unknown[]> =>
      linesOf((await ledgerExport(words)).stdout).map(({ video }) => video);
    expect(await rows("--from", "2002-01-01")).toEqual(["vid_accepted", "vid_lost"]);
    expect(await rows("--outcome", "unconfirmed")).toEqual(["vid_lost"]);
    expect(await rows("--from", "2002-01-01", "--account", "main")).toEqual(["vid_accepted"]);
  });

  test("prints sums of the same rows", async () => {
    const { stdout } = await ledgerExport(["--sums", "--from", "2002-01-01"]);
    expect(linesOf(stdout)).toMatchObject([
      { account: "main", count: 1, billed_usd: 1, reserved_usd: 0, outcomes: { accepted: 1 } },
      { account: "other", count: 1, billed_usd: 0, reserved_usd: 1, outcomes: { unconfirmed: 1 } },
    ]);
  });

  test("ends quietly when its reader goes away", async () => {
    const script = `"$0" --conditions=source ${MAIN} ledger export | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await run("bash", ["--norc", "-c", script, process.execPath], {
      env: { PATH: process.env["PATH"] ?? "", REDIS_URL: server.url },
    });
    const [row = "", status] = stdout.trimEnd().split("\n");
    expect(JSON.parse(row)).toMatchObject({ video: "vid_0" });
    expect([status, stderr]).toEqual(["0", ""]);
  });

  test("says so when Redis cannot be read, without the password in its address", async () => {
    const port = await findFreePort();
    const { code, stdout, stderr } = await ledgerExport([], `redis://user:pass-word@127.0.0.1:${port}`);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^The ledger cannot be read from REDIS_URL: .*ECONNREFUSED/);
    expect(stderr).not.toContain("pass-word");
  });
});
