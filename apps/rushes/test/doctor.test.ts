import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSandbox, type Sandbox } from "@rushes/sandbox";
import { findFreePort, startTestRedis, startTestS3, type TestRedis, type TestS3 } from "@rushes/test-rig";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
/** Must never be seen in an output. */
const SECRETS = { key: "sk-canary-key", s3: "canary-s3-secret", redis: "canary-redis-password" };

let redis: TestRedis;
let inspect: Redis;
let s3: TestS3;
let sandbox: Sandbox;
beforeAll(async () => {
  [redis, s3, sandbox] = await Promise.all([startTestRedis(), startTestS3(), startSandbox({ speed: 40 })]);
  inspect = new Redis(redis.url);
  await inspect.acl("SETUSER", "rushes", "on", `>${SECRETS.redis}`, "~*", "&*", "+@all");
});
afterAll(async () => {
  inspect.disconnect();
  await Promise.all([redis.stop(), s3.stop(), sandbox.stop()]);
});

type Report = { ok: boolean; findings: { check: string; found: string; verdict: string; fix?: string }[] };

async function doctor(
  args: readonly string[] = [],
  changes: Record<string, string> = {},
): Promise<{ exitCode: number; output: string; verdicts: Record<string, string>; report: Report | null }> {
  const env = {
    PATH: process.env["PATH"],
    REDIS_URL: redis.url.replace("//", `//rushes:${SECRETS.redis}@`),
    ARCHIVE_BUCKET: s3.bucket,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    S3_FORCE_PATH_STYLE: "true",
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: SECRETS.s3,
    APIXO_API_KEY: SECRETS.key,
    APIXO_BASE_URL: sandbox.url,
    ...changes,
  };
  const { promise, resolve } = Promise.withResolvers<{ exitCode: number; output: string }>();
  execFile(
    process.execPath,
    ["--conditions=source", MAIN, "doctor", ...args],
    { env },
    (error, stdout, stderr) =>
      resolve({
        exitCode: error === null ? 0 : typeof error.code === "number" ? error.code : -1,
        output: stdout + stderr,
      }),
  );
  const { exitCode, output } = await promise;
  for (const secret of Object.values(SECRETS)) expect(output).not.toContain(secret);
  const report = args.includes("--json") ? (JSON.parse(output) as Report) : null;
  const verdicts = Object.fromEntries(report?.findings.map(({ check, verdict }) => [check, verdict]) ?? []);
  return { exitCode, output, verdicts, report };
}

test("where everything is in order it says so, ends with 0, and has written nothing", async () => {
  const { exitCode, report, verdicts } = await doctor(["--json"]);
  expect([exitCode, report?.ok]).toEqual([0, true]);
  expect(verdicts).toMatchObject({
    redis: "ok",
    "redis-version": "ok",
    "append-only": "ok",
    "append-fsync": "ok",
    eviction: "ok",
    memory: "ok",
    clock: "ok",
    bucket: "ok",
    provider: "ok",
  });
  expect(report?.findings.find(({ check }) => check === "provider")?.found).toMatch(/balance is \$\d/);
  expect(await s3.listObjects()).toEqual([]);
  expect(await inspect.dbsize()).toBe(0);
});

test("--write-test proves that files can be stored, and leaves none", async () => {
  const { exitCode, report } = await doctor(["--json", "--write-test"]);
  expect(exitCode).toBe(0);
  expect(report?.findings.find(({ check }) => check === "bucket")?.found).toContain(
    "read back, and was removed",
  );
  expect(await s3.listObjects()).toEqual([]);
});

test("the table names every problem with its fix, and the exit code is 1", async () => {
  await inspect.config("SET", "maxmemory-policy", "allkeys-lru");
  try {
    const { exitCode, output } = await doctor([], { REDIS_DURABILITY: "always" });
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^append-fsync +refuse +everysec/m);
    expect(output).toMatch(/^ +to mend it: CONFIG SET appendfsync always, /m);
    expect(output).toMatch(/^eviction +refuse +allkeys-lru/m);
    expect(output).toMatch(/^ +to mend it: CONFIG SET maxmemory-policy noeviction, /m);
    expect(output).toMatch(/^Not safe for paid work: append-fsync, eviction\.$/m);
  } finally {
    await inspect.config("SET", "maxmemory-policy", "noeviction");
  }
});

describe("what is not there", () => {
  test("a Redis: refused with the reason, without what the address hides", async () => {
    const nobody = `redis://:${SECRETS.redis}@127.0.0.1:${await findFreePort()}`;
    const { exitCode, report } = await doctor(["--json"], { REDIS_URL: nobody });
    expect(exitCode).toBe(1);
    expect(report?.findings.find(({ check }) => check === "redis")).toMatchObject({
      verdict: "refuse",
      found: expect.stringContaining("ECONNREFUSED"),
    });
  });

  test("a password that Redis does not know: refused", async () => {
    const wrong = redis.url.replace("//", `//rushes:${SECRETS.redis}-not@`);
    const { exitCode, report } = await doctor(["--json"], { REDIS_URL: wrong });
    expect(exitCode).toBe(1);
    expect(report?.findings.find(({ check }) => check === "redis")?.found).toContain("WRONGPASS");
  });

  test("a bucket: refused", async () => {
    const { exitCode, verdicts } = await doctor(["--json"], { ARCHIVE_BUCKET: "never-made" });
    expect([exitCode, verdicts["bucket"]]).toEqual([1, "refuse"]);
  });

  test("a store or a provider that is away: warned of, for work waits for both", async () => {
    const nowhere = `http://127.0.0.1:${await findFreePort()}`;
    const { exitCode, verdicts } = await doctor(["--json"], {
      AWS_ENDPOINT_URL_S3: nowhere,
      APIXO_BASE_URL: nowhere,
    });
    expect([exitCode, verdicts["bucket"], verdicts["provider"]]).toEqual([0, "warn", "warn"]);
  });

  test("bucket and key: open, and the address alone is tried", async () => {
    const { exitCode, verdicts, report } = await doctor(["--json"], {
      ARCHIVE_BUCKET: "",
      APIXO_API_KEY: "",
    });
    expect([exitCode, verdicts["bucket"], verdicts["provider"]]).toEqual([0, "unknown", "unknown"]);
    expect(report?.findings.find(({ check }) => check === "provider")?.found).toMatch(/answers/);
  });

  test("a setting that cannot be used: every one is named, no value is shown", async () => {
    const { exitCode, output } = await doctor([], {
      REDIS_DURABILITY: "canary-s3-secret",
      S3_FORCE_PATH_STYLE: "yes",
    });
    expect(exitCode).toBe(1);
    expect(output).toContain("REDIS_DURABILITY must be one of: everysec, always");
    expect(output).toContain("S3_FORCE_PATH_STYLE must be exactly true or false");
  });
});

test("several accounts: each key is asked for its balance, and one without money is named", async () => {
  sandbox.configure({ perKey: { "sk-empty-one": { balanceUsd: 0 } } });
  const accounts = [
    { name: "main", key: SECRETS.key },
    { name: "spare", key: "sk-empty-one" },
  ];
  const { exitCode, output, verdicts } = await doctor(["--json"], {
    APIXO_API_KEY: "",
    APIXO_ACCOUNTS: JSON.stringify(accounts),
  });
  sandbox.reset();
  expect([exitCode, verdicts["provider-main"], verdicts["provider-spare"]]).toEqual([0, "ok", "warn"]);
  expect(output).not.toContain("sk-empty-one");
  const both = await doctor(["--json"], { APIXO_ACCOUNTS: JSON.stringify(accounts) });
  expect([both.exitCode, both.verdicts["provider"]]).toEqual([1, "refuse"]);
});

test("a key that the provider refuses is refused", async () => {
  sandbox.configure({ faults: { "balance:error:401": 1 } });
  const { exitCode, verdicts } = await doctor(["--json"]);
  sandbox.reset();
  expect([exitCode, verdicts["provider"]]).toEqual([1, "refuse"]);
});
