import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { EnvironmentProblem, parseEnvironment, type Environment } from "@rushes/lifecycle";
import { groupSettings, settingsSchema } from "./settings.ts";

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

test("other roles do not read them", () => {
  const settings = { ROLES: "sweep", WEBHOOK_SECRET: "wrong", WEBHOOK_RETRY_MS: "wrong" };
  expect(problemsOf(settings)).toBe("");
  expect(parse(settings).notify).toBeNull();
});
