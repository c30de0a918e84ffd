import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { EnvironmentProblem, parseEnvironment, type Environment } from "@rushes/lifecycle";
import { accountsOf, providerOf } from "./accounts.ts";
import { groupSettings, serviceName, settingsSchema } from "./settings.ts";

const parse = (environment: Environment) =>
  groupSettings(parseEnvironment(settingsSchema(environment), environment));

/** What is wrong, as one text. */
function problemsOf(environment: Environment): string {
  try {
    parse(environment);
    return "";
  } catch (error) {
    if (!(error instanceof EnvironmentProblem)) throw error;
    return error.message;
  }
}

const secret = (bytes: number): string => `whsec_${randomBytes(bytes).toString("base64")}`;

test("role notify needs nothing of its own: without a secret it sends nothing", () => {
  const { notify, provider, archive } = parse({ ROLES: "notify" });
  expect([provider, archive]).toEqual([null, null]);
  expect(notify).toMatchObject({ ALLOW_PRIVATE_WEBHOOKS: false, NOTIFY_CONCURRENCY: 20 });
  expect(notify?.WEBHOOK_SECRET).toBeUndefined();
  expect(notify?.WEBHOOK_RETRY_MS).toHaveLength(9);
});

test("a secret that cannot sign is refused by name, and not shown", () => {
  const wrong = secret(8);
  for (const WEBHOOK_SECRET of [wrong, `${secret(32)},${wrong}`, wrong.slice("whsec_".length)]) {
    const problems = problemsOf({ ROLES: "notify", WEBHOOK_SECRET });
    expect(problems).toContain("WEBHOOK_SECRET must be whsec_ and 24 to 64 bytes");
    expect(problems).not.toContain(wrong.slice("whsec_".length));
  }
  expect(problemsOf({ ROLES: "notify", WEBHOOK_SECRET: `${secret(32)},${secret(24)}` })).toBe("");
});

test("the gaps between attempts are a list of durations", () => {
  const { notify } = parse({ ROLES: "notify", WEBHOOK_RETRY_MS: "10, 0.5" });
  expect(notify?.WEBHOOK_RETRY_MS).toEqual([10, 0.5]);
  expect(problemsOf({ ROLES: "notify", WEBHOOK_RETRY_MS: "10,soon" })).toMatch(
    /WEBHOOK_RETRY_MS \(entry 2\)/,
  );
});

describe("accounts", () => {
  const PROVIDER = { ROLES: "poll" };
  const key = "sk-that-must-not-be-shown";
  const list = (...accounts: object[]): string => JSON.stringify(accounts);

  test("one key, or several with names; limits that are not given are learned", () => {
    const one = parse({ ...PROVIDER, APIXO_API_KEY: key }).provider;
    expect(accountsOf(one?.APIXO_ACCOUNTS, one?.APIXO_API_KEY, one ?? {})).toMatchObject([
      { name: "default", limits: { concurrency: undefined, rate: undefined, rateWindowMs: 60_000 } },
    ]);
    const several = parse({
      ...PROVIDER,
      LIMIT_CONCURRENCY: "7",
      APIXO_ACCOUNTS: list({ name: "main", key }, { name: "spare", key, concurrency: 2, rate: 30 }),
    }).provider;
    const accounts = accountsOf(several?.APIXO_ACCOUNTS, several?.APIXO_API_KEY, several ?? {});
    expect(accounts.map(({ limits }) => limits)).toMatchObject([
      { name: "main", concurrency: 7, rate: undefined },
      { name: "spare", concurrency: 2, rate: 30 },
    ]);
    expect(accounts.map((account) => account.key.reveal())).toEqual([key, key]);
    expect(JSON.stringify(accounts)).not.toContain(key);
  });

  test.each([
    ["no JSON", "main:key"],
    ["an empty list", "[]"],
    ["a name twice", list({ name: "main", key }, { name: "main", key })],
    ["a name that no label takes", list({ name: "My Account", key })],
    ["no key", list({ name: "main" })],
    ["a field nobody knows", list({ name: "main", key, speed: 3 })],
    ["a limit below 1", list({ name: "main", key, concurrency: 0 })],
  ])("%s is refused by name, and no key is shown", (_, APIXO_ACCOUNTS) => {
    const problems = problemsOf({ ...PROVIDER, APIXO_ACCOUNTS });
    expect(problems).toContain("APIXO_ACCOUNTS must be JSON like");
    expect(problems).not.toContain(key);
  });

  test("neither, or both, is said", () => {
    expect(problemsOf(PROVIDER)).toContain("APIXO_API_KEY must be set");
    const both = { ...PROVIDER, APIXO_API_KEY: key, APIXO_ACCOUNTS: list({ name: "main", key }) };
    expect(problemsOf(both)).toContain("APIXO_ACCOUNTS must not be set together with APIXO_API_KEY");
  });

  test("a task of an account that is not configured any more waits, and nobody else's key is used", () => {
    expect(() => providerOf(new Map())("gone")).toThrow(expect.objectContaining({ code: "account_unknown" }));
  });
});

test("other roles do not read them", () => {
  const settings = { ROLES: "sweep", WEBHOOK_SECRET: "wrong", WEBHOOK_RETRY_MS: "wrong" };
  expect(problemsOf(settings)).toBe("");
  expect(parse(settings).notify).toBeNull();
});

describe("where files go", () => {
  const ARCHIVE = { ROLES: "archive", APIXO_API_KEY: "sk-test", ARCHIVE_BUCKET: "films" };

  test("is by day and id unless said otherwise", () => {
    expect(parse(ARCHIVE).archive?.ARCHIVE_KEY).toBe("{date}/{video_id}.mp4");
    const ARCHIVE_KEY = "{mode}/{video_id}/{n}.mp4";
    expect(parse({ ...ARCHIVE, ARCHIVE_KEY }).archive?.ARCHIVE_KEY).toBe(ARCHIVE_KEY);
  });

  test("is refused by name and with the way out where two videos could meet", () => {
    for (const ARCHIVE_KEY of ["{date}.mp4", "{video_id}/{prompt}.mp4"]) {
      expect(problemsOf({ ...ARCHIVE, ARCHIVE_KEY })).toContain(
        "ARCHIVE_KEY must be a key that names {video_id} and ends in .mp4",
      );
    }
  });
});

test("traces call a process by its role, where it has but one", () => {
  expect(serviceName(["poll"])).toBe("rushes-poll");
  expect(serviceName(["notify", "sweep"])).toBe("rushes-worker");
});
