import { describe, expect, test } from "vitest";
import { partEnvironment, type PartName } from "./part-environment.ts";

const ports = { redis: 1, store: 2, sandbox: 3, file: 4, api: 5, health: 6, board: 7 };
const everything = { redis: true, store: true, sandbox: true };

function environment(
  part: PartName,
  outer: Record<string, string> = {},
  embedded: Partial<typeof everything> = {},
) {
  return partEnvironment(part, {
    outer,
    embedded: { ...everything, ...embedded },
    addresses: { redisUrl: outer["REDIS_URL"] ?? "redis://127.0.0.1:1", stateFile: "/data/tasks", ports },
    credentials: {
      apiKeys: outer["API_KEYS"],
      boardUsers: "operator:made-up",
      webhookSecret: outer["WEBHOOK_SECRET"] ? undefined : "whsec_made-up",
    },
  });
}

describe("with everything embedded", () => {
  test("the worker speaks to the sandbox and the store, ten times as fast as usual", () => {
    expect(environment("worker")).toMatchObject({
      REDIS_URL: "redis://127.0.0.1:1",
      APIXO_BASE_URL: "http://127.0.0.1:3/api/v1",
      APIXO_API_KEY: "sandbox",
      ALLOW_PRIVATE_DOWNLOADS: "true",
      ALLOW_PRIVATE_WEBHOOKS: "true",
      WEBHOOK_SECRET: "whsec_made-up",
      AWS_ENDPOINT_URL_S3: "http://127.0.0.1:2",
      ARCHIVE_BUCKET: "rushes",
      S3_FORCE_PATH_STYLE: "true",
      HEALTH_PORT: "6",
      POLL_FIRST_MS: "6000",
      POLL_MIN_MS: "500",
      POLL_MAX_MS: "1000",
      LIMIT_TIME_SCALE: "0.1",
    });
  });

  test("the sandbox is as fast, and writes down what it has accepted", () => {
    expect(environment("sandbox")).toMatchObject({
      PORT: "3",
      SANDBOX_FILE_PORT: "4",
      SANDBOX_SPEED: "10",
      SANDBOX_STATE_FILE: "/data/tasks",
    });
  });

  test("what a person has set wins over the fast schedule", () => {
    expect(
      environment("worker", { POLL_FIRST_MS: "1", POLL_MIN_MS: "", ALLOW_PRIVATE_WEBHOOKS: "false" }),
    ).toMatchObject({
      ALLOW_PRIVATE_WEBHOOKS: "false",
      POLL_FIRST_MS: "1",
      POLL_MIN_MS: "500",
    });
  });

  test("a real account's credentials stay away from the embedded store", () => {
    const aws = { AWS_ACCESS_KEY_ID: "real", AWS_SECRET_ACCESS_KEY: "real", AWS_SESSION_TOKEN: "real" };
    expect(Object.values(environment("worker", { ...aws, AWS_PROFILE: "real" }))).not.toContain("real");
  });

  test("a provider's address without its key does not lead away from the sandbox", () => {
    expect(environment("worker", { APIXO_BASE_URL: "https://provider.example" })).toMatchObject({
      APIXO_BASE_URL: "http://127.0.0.1:3/api/v1",
    });
  });
});

describe("what is set outside", () => {
  test("reaches the worker untouched, at the usual pace", () => {
    const outer = {
      REDIS_URL: "redis://there",
      APIXO_API_KEY: "key",
      ARCHIVE_BUCKET: "bucket",
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "secret",
    };
    const worker = environment("worker", outer, { redis: false, store: false, sandbox: false });
    expect(worker).toMatchObject(outer);
    for (const name of [
      "APIXO_BASE_URL",
      "POLL_FIRST_MS",
      "AWS_ENDPOINT_URL_S3",
      "ALLOW_PRIVATE_DOWNLOADS",
      "ALLOW_PRIVATE_WEBHOOKS",
    ]) {
      expect(worker[name]).toBeUndefined();
    }
  });

  test("is shown only to the parts that have a use for it", () => {
    const outer = {
      REDIS_URL: "redis-secret",
      APIXO_API_KEY: "provider-secret",
      AWS_SECRET_ACCESS_KEY: "store-secret",
      API_KEYS: "caller-secret",
      WEBHOOK_SECRET: "webhook-secret",
      CALLBACK_SECRET: "callback-secret",
    };
    const seen = (part: PartName) =>
      Object.values(environment(part, outer, { redis: false, store: false, sandbox: false }))
        .filter((value): value is string => value?.endsWith("-secret") === true)
        .toSorted();
    expect(seen("sandbox")).toEqual([]);
    expect(seen("board")).toEqual(["redis-secret", "store-secret"]);
    expect(seen("api")).toEqual(["callback-secret", "caller-secret", "redis-secret", "store-secret"]);
    expect(seen("worker")).toEqual([
      "callback-secret",
      "provider-secret",
      "redis-secret",
      "store-secret",
      "webhook-secret",
    ]);
  });

  test("everything listens on loopback unless told otherwise, the sandbox always", () => {
    expect(environment("api")).toMatchObject({ HOST: "127.0.0.1" });
    expect(environment("api", { HOST: "0.0.0.0" })).toMatchObject({ HOST: "0.0.0.0" });
    expect(environment("sandbox", { HOST: "0.0.0.0" })).toMatchObject({ HOST: "127.0.0.1" });
  });
});
