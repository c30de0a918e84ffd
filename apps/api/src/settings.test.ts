import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { EnvironmentProblem, parseEnvironment, type Environment } from "@rushes/lifecycle";
import { settingsSchema } from "./settings.ts";

const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");
/** Goes with every PUBLIC_URL. */
const CALLBACK_SECRET = "a-secret-for-callbacks";
const ANNA = `anna:${hashOf("a")}`;

/** What is wrong, as `VARIABLE fix` lines. */
function problemsOf(environment: Environment): string[] {
  try {
    parseEnvironment(settingsSchema, environment);
    return [];
  } catch (error) {
    if (!(error instanceof EnvironmentProblem)) throw error;
    return error.problems.map(({ variable, fix }) => `${variable} ${fix}`);
  }
}

test("nothing set means this machine only, everybody admin, a key for every order, no budget", () => {
  expect(parseEnvironment(settingsSchema, {})).toEqual({
    HOST: "127.0.0.1",
    PORT: 8080,
    REDIS_URL: "redis://127.0.0.1:6379",
    REDIS_DURABILITY: "everysec",
    REDIS_DURABILITY_CONFIRMED: false,
    API_KEYS: [],
    API_REQUEST_LIMITS: [],
    REQUIRE_IDEMPOTENCY_KEY: true,
    RESULT_LIFE_MS: 1_296_000_000,
    AWS_REGION: "us-east-1",
    S3_FORCE_PATH_STYLE: false,
    DRAIN_MS: 30_000,
    LOG_LEVEL: "info",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_TRACES_SAMPLER: "parentbased_always_on",
    OTEL_TRACES_SAMPLER_ARG: 1,
  });
});

test("the keys of the bucket come in pairs", () => {
  const problem = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set together";
  expect(problemsOf({ AWS_ACCESS_KEY_ID: "id", PORT: "x" })).toContain(problem);
  expect(problemsOf({ AWS_SECRET_ACCESS_KEY: "secret" })).toEqual([problem]);
  expect(problemsOf({ AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" })).toEqual([]);
});

test("callers have a name, the hash of a key, and perhaps the rights of an admin", () => {
  const API_KEYS = `${ANNA}, ops_2-b:${hashOf("b").toUpperCase()}:admin`;
  expect(parseEnvironment(settingsSchema, { API_KEYS }).API_KEYS).toEqual([
    { name: "anna", isAdmin: false, keyHash: createHash("sha256").update("a").digest() },
    { name: "ops_2-b", isAdmin: true, keyHash: createHash("sha256").update("b").digest() },
  ]);
});

describe("API_KEYS refuses", () => {
  test.each([
    "plain-secret",
    "anna",
    "anna:",
    `:${hashOf("a")}`,
    `${ANNA}0`,
    `${ANNA}:admin:admin`,
    `${ANNA}:Admin`,
    `${ANNA}:owner`,
    `${ANNA}:`,
    `Anna:${hashOf("a")}`,
    `an na:${hashOf("a")}`,
    `${"a".repeat(41)}:${hashOf("a")}`,
    `anna:${"g".repeat(64)}`,
    `${hashOf("a")}:anna`,
  ])("%j", (entry) => {
    const [problem, ...more] = problemsOf({ API_KEYS: `ben:${hashOf("b")},${entry}` });
    expect(problem).toMatch(/^API_KEYS \(entry 2\) must be name:sha256hex or name:sha256hex:admin/);
    expect(more).toEqual([]);
    expect(problem).not.toContain("plain-secret");
  });

  test("an empty entry", () => {
    expect(problemsOf({ API_KEYS: `${ANNA},` })).toEqual([expect.stringMatching(/^API_KEYS must be/)]);
  });

  test("one name for two keys, and one key for two names", () => {
    expect(problemsOf({ API_KEYS: `${ANNA},anna:${hashOf("b")}` })).toEqual([
      "API_KEYS must name every caller once",
    ]);
    expect(problemsOf({ API_KEYS: `${ANNA},ben:${hashOf("a").toUpperCase()}` })).toEqual([
      "API_KEYS must not give two callers the same key",
    ]);
  });
});

describe("without keys", () => {
  test.each(["127.0.0.1", "127.1.2.3", "localhost", "::1"])("HOST may be %s", (HOST) => {
    expect(problemsOf({ HOST })).toEqual([]);
  });

  test.each(["0.0.0.0", "::", "10.0.0.1", "rushes.example", "127.0.0.1.example", "localhost.example"])(
    "HOST may not be %s",
    (HOST) => {
      expect(problemsOf({ HOST })).toEqual([expect.stringMatching(/^HOST must be a loopback address/)]);
      expect(problemsOf({ HOST, API_KEYS: "" })).toEqual(problemsOf({ HOST }));
    },
  );

  test("PUBLIC_URL may be on loopback only", () => {
    for (const PUBLIC_URL of ["http://127.0.0.1:8080", "https://localhost/rushes", "http://[::1]:8080"]) {
      expect(problemsOf({ PUBLIC_URL, CALLBACK_SECRET })).toEqual([]);
    }
    expect(problemsOf({ PUBLIC_URL: "https://rushes.example", CALLBACK_SECRET })).toEqual([
      expect.stringMatching(/^PUBLIC_URL must be on a loopback host/),
    ]);
  });

  test("an open address is told together with everything else", () => {
    const problems = problemsOf({
      HOST: "0.0.0.0",
      PORT: "http",
      PUBLIC_URL: "https://a.example",
      CALLBACK_SECRET,
    });
    expect(new Set(problems.map((problem) => problem.split(" ")[0]))).toEqual(
      new Set(["HOST", "PORT", "PUBLIC_URL"]),
    );
  });
});

test("with keys the api may listen anywhere and be known by any address", () => {
  expect(
    problemsOf({ API_KEYS: ANNA, HOST: "0.0.0.0", PUBLIC_URL: "https://rushes.example", CALLBACK_SECRET }),
  ).toEqual([]);
});

test("a wrong key list does not count as none, and is the only thing told", () => {
  expect(problemsOf({ API_KEYS: "anna:x", HOST: "0.0.0.0" })).toEqual([
    expect.stringMatching(/^API_KEYS \(entry 1\)/),
  ]);
});

test.each(["http://127.0.0.1", "127.0.0.1:6379", "redis://", "redis://one:1,redis://two:2", "unix:/redis"])(
  "REDIS_URL may not be %s",
  (REDIS_URL) => {
    expect(problemsOf({ REDIS_URL })).toEqual(["REDIS_URL must be a redis:// or rediss:// address"]);
  },
);

test.each([
  ["25", 25_000_000],
  ["12.5", 12_500_000],
  ["0", 0],
  ["0.000001", 1],
  ["999999999.999999", 999_999_999_999_999],
])("a budget of %s dollars is %i micro-dollars", (BUDGET_USD_PER_DAY, micros) => {
  expect(parseEnvironment(settingsSchema, { BUDGET_USD_PER_DAY }).BUDGET_USD_PER_DAY).toBe(micros);
});

test.each(["-1", "1e3", "$5", "1,5", "0.0000001", ".5", "5."])("a budget of %j is refused", (budget) => {
  expect(problemsOf({ BUDGET_USD_PER_DAY: budget })).toEqual([
    expect.stringMatching(/^BUDGET_USD_PER_DAY must be dollars/),
  ]);
});

test("PUBLIC_URL needs the secret that signs what comes back there", () => {
  expect(problemsOf({ PUBLIC_URL: "http://127.0.0.1:8080" })).toEqual([
    expect.stringMatching(/^CALLBACK_SECRET must be set with PUBLIC_URL/),
  ]);
});

test("API_REQUEST_LIMITS names keys that exist, each once", () => {
  const API_KEYS = `anna:${"a".repeat(64)}`;
  const parsed = parseEnvironment(settingsSchema, { API_KEYS, API_REQUEST_LIMITS: "anna:600, *:60" });
  expect(parsed.API_REQUEST_LIMITS).toEqual([
    { name: "anna", perMinute: 600 },
    { name: "*", perMinute: 60 },
  ]);
  expect(problemsOf({ API_KEYS, API_REQUEST_LIMITS: "ben:600" })).toEqual([
    "API_REQUEST_LIMITS must name keys of API_KEYS, or *",
  ]);
  expect(problemsOf({ API_KEYS, API_REQUEST_LIMITS: "anna:1,anna:2" })).toEqual([
    "API_REQUEST_LIMITS must name every key once",
  ]);
  for (const limit of ["anna", "anna:0", "anna:-1", "anna:1.5", ":5", "anna:many"]) {
    expect(problemsOf({ API_KEYS, API_REQUEST_LIMITS: limit })).toEqual([
      expect.stringMatching(/^API_REQUEST_LIMITS.* must be name:count/),
    ]);
  }
});
