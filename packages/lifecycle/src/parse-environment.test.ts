import { expect, test } from "vitest";
import { z } from "zod";
import { commaList } from "./comma-list.ts";
import { EnvironmentProblem, parseEnvironment, type Environment } from "./parse-environment.ts";
import { durationMs, flag, plainText, port, positiveInteger, secretText } from "./settings.ts";
import { httpUrl } from "./web-address.ts";

function problemOf(schema: z.ZodObject, environment: Environment): EnvironmentProblem {
  try {
    parseEnvironment(schema, environment);
  } catch (error) {
    if (error instanceof EnvironmentProblem) return error;
    throw error;
  }
  throw new Error("the environment was accepted");
}

const schema = z.object({
  APIXO_API_KEY: secretText("the key of the provider account"),
  POLL_MIN_MS: durationMs(5000),
  PORT: port(8080),
  SUBMIT_SAFETY: z.enum(["documented", "strict"]).default("documented"),
  LIMIT_CONCURRENCY: positiveInteger().optional(),
  ROLES: commaList(z.enum(["submit", "poll"]), ["submit", "poll"]),
});

test("unset and empty variables take the default, and an optional one stays away", () => {
  const settings = parseEnvironment(schema, {
    APIXO_API_KEY: "k-1",
    POLL_MIN_MS: "",
    LIMIT_CONCURRENCY: "",
    ROLES: "",
    HOME: "ignored",
  });
  expect({ ...settings, APIXO_API_KEY: settings.APIXO_API_KEY.reveal() }).toEqual({
    APIXO_API_KEY: "k-1",
    POLL_MIN_MS: 5000,
    PORT: 8080,
    SUBMIT_SAFETY: "documented",
    ROLES: ["submit", "poll"],
  });
});

test("all problems come in one error, a line for each, with the fix", () => {
  const problem = problemOf(schema, {
    APIXO_API_KEY: "",
    POLL_MIN_MS: "soon",
    PORT: "65536",
    SUBMIT_SAFETY: "never",
    LIMIT_CONCURRENCY: "0",
    ROLES: "submit, juggle",
  });
  expect(problem.message).toBe(
    [
      "6 settings need attention:",
      "  APIXO_API_KEY is not set; it must be the key of the provider account, without white space around it",
      "  POLL_MIN_MS must be a positive number of milliseconds, for example 1500 or 0.5",
      "  PORT must be a port number from 0 to 65535 (0 takes any free port)",
      "  SUBMIT_SAFETY must be one of: documented, strict",
      "  LIMIT_CONCURRENCY must be a whole number of at least 1",
      "  ROLES (entry 2) must be one of: submit, poll",
    ].join("\n"),
  );
  expect(problem.problems.map(({ variable }) => variable)).toHaveLength(6);
});

test("a variable of a plain zod type that is unset is named as unset", () => {
  expect(problemOf(z.object({ A: z.string(), B: z.enum(["x", "y"]) }), {}).message).toBe(
    ["2 settings need attention:", "  A is not set", "  B is not set; it must be one of: x, y"].join("\n"),
  );
});

test("no maker ever repeats the value it refuses", () => {
  const bad = "canary value ";
  const everyMaker = z.object({
    A: durationMs(1),
    B: flag(true),
    C: commaList(positiveInteger(), [1]),
    D: positiveInteger(1),
    E: port(1),
    F: httpUrl("http://x"),
    G: secretText(),
    H: z.enum(["x"]),
    I: z.string().max(1),
    J: z.url(),
    K: z.string().regex(/^x$/),
    L: z.coerce.number(),
    M: z.literal("x"),
    N: z.union([z.literal("x"), z.literal("y")]),
  });
  const names = Object.keys(everyMaker.shape);
  const problem = problemOf(everyMaker, Object.fromEntries(names.map((name) => [name, bad])));
  expect(problem.problems.map(({ variable }) => variable.slice(0, 1))).toEqual(names);
  expect(JSON.stringify([problem.message, problem.problems, problem.stack, problem.cause])).not.toContain(
    "canary",
  );
});

test("a rule between two variables names the variable to set", () => {
  const pair = z
    .object({ PUBLIC_URL: httpUrl().optional(), CALLBACK_SECRET: secretText().optional(), PORT: port(1) })
    .refine(({ PUBLIC_URL, CALLBACK_SECRET }) => PUBLIC_URL === undefined || CALLBACK_SECRET !== undefined, {
      path: ["CALLBACK_SECRET"],
      error: "must be set when PUBLIC_URL is",
      when: () => true,
    });
  expect(problemOf(pair, { PUBLIC_URL: "https://example.org", PORT: "x" }).problems).toEqual([
    { variable: "PORT", fix: "must be a port number from 0 to 65535 (0 takes any free port)" },
    { variable: "CALLBACK_SECRET", fix: "must be set when PUBLIC_URL is" },
  ]);
});

test("a plain text takes any text and has a default", () => {
  const host = z.object({ HOST: plainText("an address to listen on", "127.0.0.1") });
  expect(parseEnvironment(host, {}).HOST).toBe("127.0.0.1");
  expect(parseEnvironment(host, { HOST: "::" }).HOST).toBe("::");
});
