import { expect, test } from "vitest";
import { refusesWrites } from "./refuses-writes.ts";

const reply = (message: string): Error => Object.assign(new Error(message), { name: "ReplyError" });

test.each([
  reply("OOM command not allowed when used memory > 'maxmemory'. script: 0a, on @user_script:9."),
  reply("ERR Error running script (call to f_0a): @user_script:9: -OOM command not allowed"),
  reply("MISCONF Errors writing to the AOF file: No space left on device"),
  reply("READONLY You can't write against a read only replica."),
])("%s passes", (error) => {
  expect(refusesWrites(error)).toBe(true);
});

test.each([
  reply("ERR unknown command"),
  reply("WRONGTYPE Operation against a key holding the wrong kind of value"),
  new Error("OOM as somebody else's word"),
  "OOM",
])("%s does not pass by waiting", (error) => {
  expect(refusesWrites(error)).toBe(false);
});
