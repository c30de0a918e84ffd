import { expect, test } from "vitest";
import { findProblem } from "./find-problem.ts";
import { isRedisAway } from "./redis-away.ts";

const errorNamed = (name: string, message: string): Error => Object.assign(new Error(message), { name });
const reply = (message: string): Error => errorNamed("ReplyError", message);

test.each([
  errorNamed("MaxRetriesPerRequestError", "Reached the max retries per request limit (which is 1)."),
  errorNamed("AbortError", "Command aborted due to connection close"),
  new Error("Connection is closed."),
  new Error("Command timed out"),
  new Error("Stream isn't writeable and enableOfflineQueue options is false"),
  Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" }),
  Object.assign(new Error("getaddrinfo ENOTFOUND redis"), { code: "ENOTFOUND", syscall: "getaddrinfo" }),
  reply("LOADING Redis is loading the dataset in memory"),
  reply("READONLY You can't write against a read only replica. script: 0a, on @user_script:9."),
  reply("OOM command not allowed when used memory > 'maxmemory'. script: 0a, on @user_script:9."),
  reply("ERR Error running script (call to f_0a): @user_script:9: -OOM command not allowed"),
  reply("MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk."),
  reply("MISCONF Errors writing to the AOF file: No space left on device"),
  reply("NOAUTH Authentication required."),
  reply("ERR max number of clients reached"),
])("%s: Redis is away, the caller repeats", (error) => {
  expect(isRedisAway(error)).toBe(true);
  expect(findProblem(error)).toMatchObject({
    code: "redis_unavailable",
    details: { headers: { "retry-after": "1" } },
  });
});

test.each([
  new TypeError("undefined is not a function"),
  new Error("admit-video answered nonsense"),
  reply("ERR unknown command"),
  reply("WRONGTYPE Operation against a key holding the wrong kind of value"),
  reply("ERR user_script:3: LOADING is only a word here"),
  Object.assign(new Error("not of a socket"), { code: "ERR_INVALID_ARG_TYPE" }),
  "a text",
  null,
])("%s: a mistake of ours, somebody must look", (error) => {
  expect(isRedisAway(error)).toBe(false);
  expect(findProblem(error).code).toBe("internal_error");
});
