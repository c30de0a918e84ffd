import { expect, test } from "vitest";
import { parseEnvironment, type Environment } from "@rushes/lifecycle";
import { settingsSchema } from "./settings.ts";

const HASH = `scrypt.16384.8.1.${"A".repeat(22)}.${"A".repeat(43)}`;

const problemsOf = (environment: Environment): string => {
  try {
    parseEnvironment(settingsSchema, environment);
    return "";
  } catch (error) {
    return String(error);
  }
};

test("an empty environment is a board on this machine only", () => {
  expect(parseEnvironment(settingsSchema, {})).toMatchObject({
    HOST: "127.0.0.1",
    BOARD_PORT: 8082,
    API_URL: "http://127.0.0.1:8080",
    BOARD_PROXIES: [],
  });
});

test("without users a board that others can reach does not start", () => {
  expect(problemsOf({ HOST: "0.0.0.0" })).toContain("BOARD_USERS must be set");
  expect(problemsOf({ HOST: "0.0.0.0", BOARD_USERS: `ada:admin:${HASH}` })).toBe("");
});

test("a wrong entry is named by its place and not shown", () => {
  const problems = problemsOf({ BOARD_USERS: `ada:admin:${HASH},bob:admin:hunter2hunter2` });

  expect(problems).toContain("BOARD_USERS (entry 2)");
  expect(problems).not.toContain("hunter2");
});

test("a name that comes twice is refused", () => {
  expect(problemsOf({ BOARD_USERS: `ada:admin:${HASH},ada:viewer:${HASH}` })).toContain("only once");
});

test.each(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"])("%s is a proxy", (address) => {
  expect(problemsOf({ BOARD_PROXIES: address })).toBe("");
});

test.each(["true", "proxy.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8"])(
  "%s is no proxy",
  (address) => {
    expect(problemsOf({ BOARD_PROXIES: address })).toContain("BOARD_PROXIES (entry 1)");
  },
);
