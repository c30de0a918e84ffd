import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { untilTrue } from "@rushes/test-rig";
import { parseBoardUser } from "../src/login/board-user.ts";
import { isPasswordOf } from "../src/login/password-hash.ts";

type Program = {
  child: ChildProcess;
  said: { out: string; err: string };
  /** The exit code, once it has said everything. */
  ended: Promise<number>;
};

const programs: Program[] = [];
afterEach(async () => {
  for (const { child, ended } of programs.splice(0)) {
    child.kill("SIGKILL");
    await ended;
  }
});

/** One of the app's programs as a process of its own, whose environment is what is given and nothing else. */
function run(
  file: "main.ts" | "make-user.ts",
  words: string[],
  environment: Record<string, string>,
  input = "",
): Program {
  const path = fileURLToPath(new URL(`../src/${file}`, import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", path, ...words], { env: environment });
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.err += chunk.toString()));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const program = { child, said, ended: once(child, "close").then(([code]) => Number(code)) };
  programs.push(program);
  return program;
}

/** Nobody listens on port 1, so Redis is away. */
const NO_REDIS = { REDIS_URL: "redis://127.0.0.1:1", BOARD_PORT: "0" };

/** A process that starts beside many others takes its time. */
const START = { timeoutMs: 50_000 };

async function portOf({ said }: Program): Promise<number> {
  await untilTrue(() => /"port":\d+/.test(said.out) || said, START);
  return Number(/"port":(\d+)/.exec(said.out)?.[1]);
}

test("without users the board makes up an admin, says so once, and ends on SIGTERM without Redis", async () => {
  const board = run("main.ts", [], NO_REDIS);
  const url = `http://127.0.0.1:${await portOf(board)}`;
  const login = /log in as "(\w+)" with the password ([\w-]+)\n/;
  await untilTrue(() => login.test(board.said.out) || board.said, START);
  const [, name = "", password = ""] = login.exec(board.said.out) ?? [];

  const answer = await fetch(`${url}/login`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: url },
    body: new URLSearchParams({ name, password }),
  });
  expect(answer.status).toBe(303);

  board.child.kill("SIGTERM");
  expect(await board.ended).toBe(0);
  expect(board.said.out.split(password)).toHaveLength(2);
  expect(board.said.err).toBe("");
});

test("a board that others can reach refuses to start without users", async () => {
  const board = run("main.ts", [], { ...NO_REDIS, HOST: "0.0.0.0" });

  expect(await board.ended).toBe(1);
  expect(board.said.err).toContain("BOARD_USERS must be set when HOST can be reached from other machines");
});

test("a user made by make-user can log in at a board that was given no other", async () => {
  const maker = run("make-user.ts", ["vera", "viewer"], {}, "a long enough password\n");
  expect(await maker.ended).toBe(0);
  const entry = maker.said.out.trimEnd();
  const user = parseBoardUser(entry);
  expect(user).toMatchObject({ name: "vera", role: "viewer" });
  expect(user && (await isPasswordOf(user.passwordHash, "a long enough password"))).toBe(true);

  const board = run("main.ts", [], { ...NO_REDIS, BOARD_USERS: entry });
  await portOf(board);
  board.child.kill("SIGTERM");
  expect(await board.ended).toBe(0);
  expect(board.said.out).not.toContain("with the password");
});

test.each([
  ["a short password", ["ada", "admin"], "short\n", "at least 12 characters"],
  ["no password", ["ada", "admin"], "", "at least 12 characters"],
  ["an unknown role", ["ada", "root"], "a long enough password\n", "Usage:"],
  ["an impossible name", ["ada:x", "admin"], "a long enough password\n", "Usage:"],
])("make-user refuses %s", async (_what, words, input, problem) => {
  const maker = run("make-user.ts", words, {}, input);

  expect(await maker.ended).toBe(1);
  expect(maker.said.out).toBe("");
  expect(maker.said.err).toContain(problem);
});
