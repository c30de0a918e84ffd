import { expect, test } from "vitest";
import { untilInterrupted } from "./until-interrupted.ts";

test("an interruption is a good end, and a second one right after it does not cut it short", async () => {
  const before = process.listenerCount("SIGINT");
  const ended = await untilInterrupted(async (enough) => {
    expect(enough.aborted).toBe(false);
    process.emit("SIGINT");
    expect(enough.aborted).toBe(true);
    // With nobody listening the second one would end the process.
    expect(process.listenerCount("SIGINT")).toBe(before + 1);
    process.emit("SIGINT");
    return "ended";
  });
  expect([ended, process.listenerCount("SIGINT")]).toEqual(["ended", before]);
});
