import { expect, test } from "vitest";
import { untilTrue } from "./until-true.ts";

test("it returns once the check answers true, and not for other values", async () => {
  const answers: unknown[] = [false, 1, "queued", undefined, true, "never asked"];
  await untilTrue(() => answers.shift(), { everyMs: 1 });
  expect(answers).toEqual(["never asked"]);
});

test.each([
  ["a sentence", () => "phase is queued", "the last state was: phase is queued"],
  [
    "a value",
    async () => ({ phase: "queued", charges: [1] }),
    "the last state was: { phase: 'queued', charges: [ 1 ] }",
  ],
  [
    "an error",
    () => Promise.reject(new TypeError("refused")),
    "the last state was: the check threw TypeError: refused",
  ],
])("when the time is over it throws with the last state: %s", async (_kind, check, words) => {
  await expect(untilTrue(check, { timeoutMs: 5, everyMs: 1 })).rejects.toThrow(words);
});

test("it asks at least once, however short the time", async () => {
  await expect(untilTrue(() => true, { timeoutMs: 0 })).resolves.toBeUndefined();
});
